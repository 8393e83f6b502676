import CubeJSON
import CubeTypes
import Testing

@testable import CubeCore

/// A value in another Unicode normalization form is a different value, because a program that reads it sees different bytes.
@Suite struct UnicodeFormTests {
    private static let composed = "caf\u{e9}"
    private static let decomposed = "cafe\u{301}"

    private func workload(_ members: String) throws -> Workload {
        let text = #"{"name": "a", "command": ["run"]\#(members)}"#
        let decoded = ManifestDecoder.decode(Array(text.utf8), file: "a.json")
        #expect(decoded.diagnostics == [])
        return try #require(decoded.workloads.first)
    }

    @Test(arguments: [
        ("env", "env.NAME", "changed", "changed"), ("labels", "labels.NAME", "cafe\\u{301}", "caf\\u{e9}"),
    ])
    func `a value in another normalization form differs`(key: String, field: String, desired: String, observed: String)
        throws
    {
        let before = try workload(#", "\#(key)": {"NAME": "\#(Self.composed)"}"#)
        let after = try workload(#", "\#(key)": {"NAME": "\#(Self.decomposed)"}"#)
        #expect(before.specDigest != after.specDigest || before.settingsDigest != after.settingsDigest)
        #expect(
            after.differences(from: before)
                == [Difference(field: field, desired: desired, observed: observed, replaces: key == "env")])
        #expect(after.differences(from: after) == [])
    }

    @Test func `a label name in another normalization form is another label`() throws {
        let before = try workload(#", "labels": {"\#(Self.composed)": "1"}"#)
        let after = try workload(#", "labels": {"\#(Self.decomposed)": "1"}"#)
        let differences = after.differences(from: before)
        #expect(differences.count == 2)
        #expect(Set(differences.map { [$0.desired, $0.observed] }) == [["1", nil], [nil, "1"]])
    }

    @Test func `a difference shows both normalization forms of a value distinguishably`() throws {
        let before = try workload(#", "working_dir": "/\#(Self.composed)""#)
        let after = try workload(#", "working_dir": "/\#(Self.decomposed)""#)
        #expect(
            after.differences(from: before) == [
                Difference(field: "working_dir", desired: "/cafe\\u{301}", observed: "/caf\\u{e9}", replaces: true)
            ])
    }

    /// To Swift, a dot and a combining mark after it are one character.
    @Test func `the value of a variable is hidden even if its name begins with a combining mark`() throws {
        let before = try workload(##", "env": {"\u0301PIN": "1234"}"##)
        let after = try workload(##", "env": {"\u0301PIN": "4711"}"##)
        let differences = after.differences(from: before)
        #expect(differences.map(\.desired) == ["changed"] && differences.map(\.observed) == ["changed"])
    }

    @Test func `canonical values are equal only if their bytes are equal`() {
        #expect(CanonicalJSON.string(Self.composed) != .string(Self.decomposed))
        #expect(CanonicalJSON.object([Self.composed: 1]) != .object([Self.decomposed: 1]))
        #expect(CanonicalJSON.object([Self.composed: 1]) == .object([Self.composed: 1]))
        #expect(CanonicalJSON.array(["a", 1]) == ["a", 1])
    }

    @Test func `a file moved to a canonically equivalent name is another source`() throws {
        let workload = try workload("")
        #expect(workload.isFile("a.json") && !workload.isFile(nil))
        let moved = Workload(
            definition: workload.definition, range: SourceRange(filename: Self.composed))
        #expect(moved.isFile(Self.composed) && !moved.isFile(Self.decomposed))
    }

    @Test(arguments: ["../\u{301}x", "/\u{301}x", "a/..", "./a", "a//b", ""])
    func `a combining mark after a slash or dot does not hide it in a path`(path: String) {
        #expect(!path.isRelativePath)
    }

    @Test func `a path may contain a combining mark at the beginning of a name`() {
        #expect("a/\u{301}b".isRelativePath && Self.decomposed.isRelativePath)
    }
}
