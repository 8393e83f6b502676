import ArgumentParser
import Testing

@testable import cube

/// The commands refuse a time that is further away than anybody can mean.
@Suite struct LongestTimesTests {
    @Test(arguments: [
        (["suspend", "web", "--until", "99999999h"], "--until <time>", "99999999h", ", the latest time"),
        (
            ["suspend", "web", "--until", "9000-01-02T06:00:00Z"], "--until <time>", "9000-01-02T06:00:00.000Z",
            ", the latest time"
        ),
        (["node", "drain", "w1", "--deadline", "99999999h"], "--deadline", "99999999h", "is above 87600h"),
        (["manager", "--certificate-lifetime", "99999999h"], "--certificate-lifetime", "99999999h", "5s to 87600h"),
    ])
    func `a time beyond ten years is refused with its option and the rule`(
        words: [String], option: String, value: String, rule: String
    ) {
        let error = #expect(throws: (any Error).self) { try CubeCommand.parseAsRoot(words) }
        let message = error.map { CubeCommand.message(for: $0) } ?? ""
        for part in [option, value, rule] { #expect(message.contains(part), "\(message)") }
    }

    @Test(arguments: [
        ["suspend", "web", "--until", "87600h"], ["node", "drain", "w1", "--deadline", "87600h"],
        ["manager", "--certificate-lifetime", "87600h"],
    ])
    func `ten years are accepted`(words: [String]) throws {
        _ = try CubeCommand.parseAsRoot(words)
    }
}
