import CubeJSON
import CubeTypes
import Testing

@testable import CubeCore

@Suite struct ManifestReferenceTests {
    private let entries = ManifestReference.entries

    @Test func `the reference contains every field of a manifest exactly once`() {
        let paths = entries.map(\.path)
        #expect(Set(paths).count == paths.count)
        let topLevel = paths.filter { !$0.contains(".") }
        #expect(topLevel.sorted() == Manifest.fields.fields.filter(\.isSupported).map(\.key).sorted())
        for nested in ["ports[].host", "health.live.tcp.port", "restart.backoff_max", "update.on_failure"] {
            #expect(paths.contains(nested))
        }
        #expect(Set(ManifestReference.refusedKeys).isDisjoint(with: topLevel))
    }

    @Test func `every example is valid, and every summary is a sentence`() {
        for entry in entries {
            #expect(entry.field.exampleProblems() == [], "\(entry.path): \(entry.field.example.line)")
            #expect(entry.field.summary.hasSuffix("."), "\(entry.path)")
            #expect(!entry.field.summary.contains("Default"), "\(entry.path): the default has a place of its own")
        }
    }

    @Test func `an invalid example is detected`() {
        let table = FieldTable<Steering>(
            [Field("replicas", \.replicas, .integer(0...3), example: 4, "How many.")], standard: Steering())
        #expect(table.descriptions.map { $0.exampleProblems() } == [["4 must be a whole number from 0 to 3"]])
    }

    /// A default in words, such as "the user of the worker", is not JSON.
    @Test func `writing out a default changes no digest`() throws {
        let plain = try workload(#"{"name": "x", "command": ["x"]}"#)
        var count = 0
        for entry in entries where !entry.path.contains("[]") && !entry.path.hasPrefix("health.") {
            guard let standard = entry.field.standard,
                ["true", "false"].contains(standard) || standard.first.map({ "0123456789\"[{".contains($0) }) == true
            else { continue }
            let keys = entry.path.split(separator: ".")
            let value = keys.reversed().reduce(standard) { "{\"\($1)\": \($0)}" }
            let written = try workload(#"{"name": "x", "command": ["x"], \#(value.dropFirst())"#)
            #expect(written.specDigest == plain.specDigest, "\(entry.path)")
            #expect(written.settingsDigest == plain.settingsDigest, "\(entry.path)")
            #expect(written == plain, "\(entry.path)")
            count += 1
        }
        #expect(count >= 12)
    }

    @Test func `each field states the effect of a change`() {
        func change(_ path: String) -> ManifestReference.Change? { entries.first { $0.path == path }?.change }
        #expect(change("name") == ManifestReference.Change.none)
        #expect(change("command") == .replaces)
        #expect(change("files[].mode") == .replaces)
        #expect(change("labels") == .inPlace)
        #expect(change("update.deadline") == .steers)
    }

    private func workload(_ text: String) throws -> Workload {
        let decoded = ManifestDecoder.decode(Array(text.utf8), file: "x.json")
        #expect(decoded.diagnostics == [])
        return try #require(decoded.workloads.first)
    }
}
