import CubeErrors
import CubeTesting
import CubeTypes
import Testing

@testable import CubeCore

@Suite("The bounds of texts and counters")
struct TextBoundsTests {
    @Test func `a text is cut between scalars and says so`() {
        #expect("short".cut(to: 5) == "short")
        #expect("longer".cut(to: 5) == "lo…")
        #expect("äöüß".cut(to: 7) == "äö…")
        #expect(String(repeating: "x", count: 100_000).cut(to: TextBounds.message).utf8.count == TextBounds.message)
    }

    @Test func `labels have a length and a number`() {
        #expect(TextBounds.errors("labels", ["a": "b"]).isEmpty)
        let long = TextBounds.errors(
            "labels", ["a": String(repeating: "v", count: 4097), String(repeating: "n", count: 257): ""])
        #expect(long.map(\.message) == ["must be at most 4096 bytes", "the name of a label must be at most 256 bytes"])
        let many = Dictionary(uniqueKeysWithValues: (0..<257).map { ("\($0)", "") })
        #expect(TextBounds.errors("labels", many).map(\.value) == ["257"])
    }

    @Test func `a report's message of 100 KB is kept only in part`() {
        let report = WorkerTask(
            id: TaskID(rawValue: "00000000-0000-5000-8000-000000000000")!, placement: 1, run: 1, state: .failed,
            reason: TaskReason(rawValue: String(repeating: "r", count: 100_000)),
            message: String(repeating: "m", count: 100_000), settingsDigest: TaskDefinition(name: .web).settingsDigest,
            notEnforced: Array(repeating: "cpu", count: 100))
        #expect(report.bounded.message?.utf8.count == TextBounds.message)
        #expect(report.bounded.reason?.rawValue.utf8.count == TextBounds.word)
        #expect(report.bounded.notEnforced.count == 16)
    }

    @Test func `a number that nothing ever counted to is no counter`() {
        #expect(Counter.isPlausible(0) && Counter.isPlausible(Counter.limit - 1))
        #expect(!Counter.isPlausible(-1) && !Counter.isPlausible(Counter.limit) && !Counter.isPlausible(.max))
    }
}
