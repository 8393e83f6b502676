import CubeTypes
import Testing

/// Large values that copies share.
struct SharedTests {
    private struct Record: Hashable {
        @Shared var names: [String]
        var count = 1
    }

    @Test func `a change of a copy does not change the original`() {
        let original = Record(names: ["a"])
        var copy = original
        copy.names.append("b")
        #expect(original.names == ["a"] && copy.names == ["a", "b"])
        var other = copy
        other.names = ["c"]
        #expect(copy.names == ["a", "b"] && other.names == ["c"])
    }

    @Test func `equal values are equal, whether or not they are shared`() {
        let record = Record(names: ["a"])
        #expect(record == Record(names: ["a"]) && record.hashValue == Record(names: ["a"]).hashValue)
        #expect(record != Record(names: ["b"]))
    }
}
