import ArgumentParser
import CubeTypes
import Testing

@testable import cube

struct SchedulingOptionsTests {
    @Test(arguments: SchedulingPolicy.all)
    func `A manager takes each policy by its name`(policy: SchedulingPolicy) throws {
        let options = try SchedulingOptions.parse(["--policy", policy.rawValue, "--no-image-locality"])
        #expect(options.policy == policy && !options.imageLocality)
    }

    @Test func `A manager spreads the tasks by default`() throws {
        let options = try SchedulingOptions.parse([])
        #expect(options.policy == .spread && options.imageLocality)
    }

    @Test func `An unknown policy is refused with the known ones`() {
        let error = #expect(throws: (any Error).self) { try SchedulingOptions.parse(["--policy", "bin_pack"]) }
        let message = SchedulingOptions.message(for: error!)
        #expect(message.contains("\"bin_pack\" must be one of spread, binpack, round_robin, epvm"), "\(message)")
    }
}
