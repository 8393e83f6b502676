import CubeJSON
import Testing

@testable import CubeCore

@Suite struct ManifestGroupTests {
    private func read(_ text: String) -> FileState { FileState(readingGroup: Array(text.utf8), of: "shop/cube.json") }

    private func reasons(_ text: String) -> [Diagnostic.Reason] {
        if case .unreadable(let diagnostics) = read(text) { diagnostics.map(\.reason) } else { [] }
    }

    @Test func `a file named cube json configures its directory and is not a manifest`() {
        #expect(read(#"{"atomic": true}"#) == .group(ManifestGroup(atomic: true)))
        #expect(read("{}") == .group(ManifestGroup(atomic: false)))
        #expect(ManifestGroup.isFile("cube.json") && !ManifestGroup.isFile("mycube.json"))
    }

    @Test func `an error in the file is reported with its position`() {
        #expect(reasons(#"{"atomic": 1, "atomc": true}"#) == [.typeMismatch, .unknownKey])
        #expect(reasons(#"{"atomic": true, "atomic": true}"#) == [.duplicateKey])
        #expect(reasons("[]") == [.typeMismatch])
        #expect(reasons("{") == [.syntax])
    }
}
