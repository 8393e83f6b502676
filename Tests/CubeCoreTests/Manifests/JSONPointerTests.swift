import CubeJSON
import Testing

@testable import CubeCore

@Suite struct JSONPointerTests {
    private func left(of value: CanonicalJSON, without pointers: String...) throws -> CanonicalJSON? {
        value.without(try pointers.map { try #require(JSONPointer($0)).tokens[...] })
    }

    @Test func `a pointer is written as it was read`() {
        for text in ["/", "/a", "/a/b/0", "/a~1b/~0", "/~01", "//a"] {
            #expect(JSONPointer(text)?.description == text)
        }
        #expect(JSONPointer("/a~1b/m~0n")?.tokens == ["a/b", "m~n"])
        for text in ["", "a", "/~", "/~2", "/a~"] { #expect(JSONPointer(text) == nil) }
    }

    @Test func `removing parts of a value also removes objects that become empty`() throws {
        let value: CanonicalJSON = ["a": ["x", "y", "z"], "b": ["c": "d"], "e": "f"]
        #expect(
            try left(of: value, without: "/a/0", "/a/2", "/b/c", "/nothing/there", "/e/f") == ["a": ["y"], "e": "f"])
        #expect(try left(of: value, without: "/a", "/b", "/e") == nil)
    }
}
