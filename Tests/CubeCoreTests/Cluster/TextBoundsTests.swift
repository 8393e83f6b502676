import CubeErrors
import CubeTesting
import CubeTypes
import Testing

@testable import CubeCore

@Suite("The bounds of texts and counters")
struct TextBoundsTests {
    @Test func `a long text is cut between scalars, and the cut is marked`() {
        #expect("short".shortened(to: 5) == "short")
        let umlauts = String(repeating: "ä", count: 50)
        #expect(umlauts.shortened(to: 40) == String(repeating: "ä", count: 10) + "… (80 more bytes)")
        #expect(umlauts.shortened(to: 41) == String(repeating: "ä", count: 10) + "… (80 more bytes)")
        // Shortening the result again does not change it.
        let long = String(repeating: "x", count: 100_000).shortened(to: TextBounds.message)
        #expect(long.utf8.count <= TextBounds.message && long.shortened(to: TextBounds.message) == long)
        #expect(long.hasPrefix("xxx") && long.hasSuffix("x… (91831 more bytes)"))
    }

    @Test(arguments: [
        (0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567"), (Int.min, "-9,223,372,036,854,775,808"),
    ])
    func `a number is printed with its digits in groups of three`(number: Int, text: String) {
        #expect(number.grouped == text)
    }

    @Test func `the number and the length of labels are limited`() {
        #expect(TextBounds.errors("labels", ["a": "b"]).isEmpty)
        let long = TextBounds.errors(
            "labels", ["a": String(repeating: "v", count: 4097), String(repeating: "n", count: 257): ""])
        #expect(
            long.map(\.message) == ["must be at most 4096 bytes", "the name of the label must be at most 256 bytes"])
        let many = Dictionary(uniqueKeysWithValues: (0..<257).map { ("\($0)", "") })
        #expect(TextBounds.errors("labels", many).map(\.value) == ["257"])
    }

    @Test func `a message of 100 KB in a report is shortened`() {
        let report = WorkerTask(
            id: TaskID(rawValue: "00000000-0000-5000-8000-000000000000")!, placement: 1, run: 1, state: .failed,
            reason: TaskReason(rawValue: String(repeating: "r", count: 100_000)),
            message: String(repeating: "m", count: 100_000), settingsDigest: TaskDefinition(name: .web).settingsDigest,
            notEnforced: Array(repeating: "cpu", count: 100))
        #expect(report.bounded.message == report.message?.shortened(to: TextBounds.message))
        #expect(report.bounded.reason?.rawValue.utf8.count ?? .max <= TextBounds.word)
        #expect(report.bounded.notEnforced.count == 16)
    }

    @Test func `an implausibly high number is not accepted as a counter`() {
        #expect(Counter.isPlausible(0) && Counter.isPlausible(Counter.limit - 1))
        #expect(!Counter.isPlausible(-1) && !Counter.isPlausible(Counter.limit) && !Counter.isPlausible(.max))
    }
}
