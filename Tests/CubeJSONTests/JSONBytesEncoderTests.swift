import CubeTesting
import Foundation
import Testing

@testable import CubeJSON

/// Compares the encoder with Foundation's, whose bytes it must give.
@Suite struct JSONBytesEncoderTests {
    /// Expects the same bytes from both encoders, or the same error.
    private func check(_ value: some Encodable, _ note: Comment? = nil) {
        let theirs = Outcome { [UInt8](try Self.encoder.encode(value)) }
        let mine = Outcome { try JSONBytesEncoder.bytes(of: value) }
        #expect(mine == theirs, note)
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    /// A text or an error.
    private enum Outcome: Equatable {
        case text(String)
        case invalidValue(path: [String], indices: [Int?], description: String)
        case failure(String)

        init(_ encode: () throws -> [UInt8]) {
            do {
                self = .text(String(decoding: try encode(), as: UTF8.self))
            } catch EncodingError.invalidValue(_, let context) {
                self = .invalidValue(
                    path: context.codingPath.map(\.stringValue), indices: context.codingPath.map(\.intValue),
                    description: context.debugDescription)
            } catch {
                self = .failure("\(error)")
            }
        }
    }

    // MARK: Scalars

    @Test func `every byte of ASCII and other characters are escaped alike`() {
        let scalars = (0...0xFF).map { Unicode.Scalar($0 as UInt8) }
        check(String(String.UnicodeScalarView(scalars)))
        for scalar in scalars {
            // At each place of the words of eight bytes that are looked at together.
            for count in 0...17 {
                let padding = String(repeating: "x", count: count)
                check("\(padding)\(scalar)")
                check([padding + "\(scalar)yyy\(scalar)": 1])
            }
        }
        check("\u{2028}\u{2029}\u{FEFF}\u{FFFF}\u{1F600}e\u{301}/</script>")
        check(["", "\"", "\\", "\\\"", "\u{0}", "\u{1F}"])
    }

    @Test func `numbers have the same digits`() {
        func integers<Number: FixedWidthInteger & Encodable & CustomStringConvertible>(_ type: Number.Type) {
            for number in [0, 1, 9, 10, 99, 100, .min, .max, .max - 1, .max / 10, .max / 10 * 10] as [Number] {
                check(number)
                check([number])
                check(["key": number])
                check(Single(value: number))
            }
        }
        integers(Int.self)
        integers(Int8.self)
        integers(Int16.self)
        integers(Int32.self)
        integers(Int64.self)
        integers(UInt.self)
        integers(UInt8.self)
        integers(UInt16.self)
        integers(UInt32.self)
        integers(UInt64.self)

        let doubles: [Double] = [
            0, -0.0, 1, -1, 0.1, 0.1 + 0.2, 1.5, 100, 1e15, 1e16, 1e17, 123_456_789_012_345_680, 1e-4, 1e-5, 1e20, 1e21,
            .pi, .greatestFiniteMagnitude, .leastNormalMagnitude, .leastNonzeroMagnitude, .ulpOfOne,
        ]
        for double in doubles {
            for number in [double, -double] {
                check(number)
                check([number, number])
                check(["key": number])
                check(Single(value: number))
                check(Float(number))
                check(["key": Float(number)])
            }
        }
        check([true, false])
        check(Single(value: true))
    }

    @Test func `numbers that are not finite are the same error`() {
        for number in [Double.infinity, -.infinity, .nan] {
            check(number)
            check(["a": ["b": number]])
            check(Single(value: number))
            check(Float(number))
            check([["x": [Optional(number)]]])
            check(Record { try $0.encode(number, forKey: "a\"b") })
            check(Record { try $0.encode(Float(number), forKey: "a") })
            check(Record { try $0.encode(Record { try $0.encode([0, number], forKey: "b") }, forKey: "a") })
            check(
                List {
                    try $0.encode("x"); try $0.encode(number)
                })
        }
    }

    // MARK: Containers

    @Test func `keys are sorted by their bytes`() {
        let keys = [
            "", " ", "!", "\"", "#", "a", "a\n", "a!", "a10", "a9", "ab", "abcdefgh", "abcdefghi", "abcdefg",
            "abcdefg\u{1}",
            "abcdefgh\"", "B", "Z", "_", "z", "é", "e\u{301}a", "\u{212A}", "\u{FFFD}", "\u{1F600}", "\u{7F}", "\u{0}",
            "\\",
            "created_at", "created_revision", "created_a",
        ]
        check(Dictionary(uniqueKeysWithValues: keys.map { ($0, $0) }))
        let plain = keys.filter { $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C } }
        for keys in [keys, plain, plain.sorted(), plain.reversed()] {
            check(
                Record { fields in for (index, key) in keys.enumerated() { try fields.encode(index, forKey: Name(key)) }
                })
        }
        check(Dictionary(uniqueKeysWithValues: (0..<2000).map { ("the same beginning \($0)", $0) }))
    }

    @Test func `of two members with the same key, the last one stays`() {
        for last in ["x", "\n", "zz"] {
            check(
                Record { fields in
                    for (index, key) in ["zz", "x", "b", "\n", "x", "a", last, "x"].enumerated() {
                        try fields.encode(index, forKey: Name(key))
                    }
                })
        }
    }

    @Test func `dictionaries with keys of each kind have the same form`() {
        check([1: "a", 10: "b", 9: "c", -1: "d"])
        check([Suit.spades: 1, .hearts: 2])
        check([ByName("z"): 1, ByName("a\""): 2, ByName("m"): 3])
        // A dictionary with other keys is an array, in the order of the dictionary.
        let others = [Point(x: 1, y: 2): "a", Point(x: 3, y: 4): "b"]
        check(others)
        check(["outer": ["inner": [Double]()], "empty": [:]] as [String: [String: [Double]]])
        check([[String: Int]](repeating: [:], count: 2))
    }

    @Test func `absent, null and empty values have the same form`() {
        check(Int?.none)
        check([Int?.none, 1, nil])
        check(["a": Int?.none])
        check(Optionals())
        check(Optionals(text: "x", number: 1, flag: false, real: 1, list: [nil], nested: Box(Optionals(flag: true))))
        check([Nothing(), Nothing()])
        check(["a": Nothing()])
        check(Nothing())
        check(Single(value: Nothing()))
        check(Record { _ in })
        check(List { _ in })
    }

    @Test func `enumerations with and without values have the same form`() {
        check([Suit.hearts, .spades])
        check([Shape.circle(radius: 1), .empty, .polygon([Point(x: 1, y: 2)], named: nil), .nested(.empty)])
        check(["shape": Shape.nested(.nested(.circle(radius: 0.5)))])
    }

    @Test func `a value may ask for its container more than once`() {
        check(
            Custom { encoder in
                var first = encoder.container(keyedBy: Name.self)
                try first.encode(1, forKey: "z")
                try Point(x: 1, y: 2).encode(to: encoder)
                var second = encoder.container(keyedBy: Suit.CodingKeys.self)
                try second.encode("a", forKey: .name)
                try first.encode(2, forKey: "b")
            })
        check(
            Custom { encoder in
                var first = encoder.unkeyedContainer()
                try first.encode(1)
                try [2, 3].encode(to: encoder)
                #expect(first.count == 3)
                try first.encode(4)
            })
        check(
            Custom { encoder in
                var value = encoder.singleValueContainer()
                try value.encode(Point(x: 1, y: 2))
                var fields = encoder.container(keyedBy: Name.self)
                try fields.encode(1, forKey: "more")
            })
    }

    @Test func `nested containers may be written in any order`() {
        check(
            Record { fields in
                var object = fields.nestedContainer(keyedBy: Name.self, forKey: "o")
                var list = fields.nestedUnkeyedContainer(forKey: "l")
                try object.encode(1, forKey: "z")
                try list.encode("x")
                try fields.encode(["k": "v"], forKey: "m")
                try object.encode(2, forKey: "a\"")
                var inner = list.nestedContainer(keyedBy: Name.self)
                var innermost = list.nestedUnkeyedContainer()
                try list.encode(Point(x: 1, y: 2))
                try innermost.encode(1)
                try inner.encode(true, forKey: "t")
                try innermost.encodeNil()
                try object.encodeNil(forKey: "n")
                try fields.encode(3, forKey: "a")
                _ = fields.nestedContainer(keyedBy: Name.self, forKey: "empty")
                _ = fields.nestedUnkeyedContainer(forKey: "none")
            })
        check(
            List { list in
                _ = list.nestedUnkeyedContainer()
                var object = list.nestedContainer(keyedBy: Name.self)
                try list.encode(1)
                try object.encode(2, forKey: "b")
                try object.encode(2, forKey: "a")
            })
    }

    @Test func `super classes have the same form`() {
        check(Derived())
        check(["list": [Derived(), Derived()]])
        check(
            Record { fields in
                do {
                    try "text".encode(to: fields.superEncoder(forKey: "text"))
                    try [1, 2].encode(to: fields.superEncoder(forKey: "list"))
                    try Point(x: 1, y: 2).encode(to: fields.superEncoder())
                    _ = fields.superEncoder(forKey: "unused")
                }
                try fields.encode(1, forKey: "a")
            })
        check(
            List { list in
                do {
                    try "text".encode(to: list.superEncoder())
                    try Derived().encode(to: list.superEncoder())
                }
                try list.encode(1)
            })
    }

    @Test func `a text becomes a part of another one`() throws {
        let texts = try [JSONBytesEncoder.bytes(of: ["b": 1]), JSONBytesEncoder.bytes(of: "\"")]
        let parts = EncodedJSON(arrayOf: texts)
        func text(of value: some Encodable) throws -> String {
            String(decoding: try JSONBytesEncoder.bytes(of: value), as: UTF8.self)
        }
        #expect(try text(of: ["a": parts]) == #"{"a":[{"b":1},"\""]}"#)
        #expect(try text(of: [parts, EncodedJSON(arrayOf: [])]) == #"[[{"b":1},"\""],[]]"#)
        // A member that is written again is replaced.
        let record = Record { fields in
            try fields.encode([1, 2], forKey: "list")
            try fields.encode(1, forKey: "z")
            try fields.encode(parts, forKey: "list")
        }
        #expect(try text(of: record) == #"{"list":[{"b":1},"\""],"z":1}"#)
        #expect(throws: EncodingError.self) { try Self.encoder.encode(["a": parts]) }
    }

    // MARK: Errors

    @Test func `a value that fails leaves no trace in its container`() throws {
        struct Failure: Error {}
        let partial = Record { fields in
            try fields.encode([1, 2], forKey: "\n")
            var nested = fields.nestedContainer(keyedBy: Name.self, forKey: "nested")
            try nested.encode(1, forKey: "x")
            try fields.encode(
                List { list in
                    try list.encode(1)
                    _ = list.nestedUnkeyedContainer()
                    throw Failure()
                }, forKey: "list")
        }
        check(partial)
        check(Single(value: partial))

        // Foundation's encoder traps in these cases.
        func text(of value: some Encodable) throws -> String {
            String(decoding: try JSONBytesEncoder.bytes(of: value), as: UTF8.self)
        }
        let object = Record { fields in
            try fields.encode(1, forKey: "b")
            #expect(throws: Failure.self) { try fields.encode(partial, forKey: "gone") }
            #expect(throws: EncodingError.self) { try fields.encode(Double.nan, forKey: "gone") }
            #expect(throws: EncodingError.self) { try fields.encode([Double.nan], forKey: "gone") }
            try fields.encode(2, forKey: "a")
        }
        #expect(try text(of: object) == #"{"a":2,"b":1}"#)
        let list = List { list in
            #expect(throws: Failure.self) { try list.encode(partial) }
            #expect(throws: EncodingError.self) { try list.encode(Double.nan) }
            try list.encode(1)
            #expect(throws: Failure.self) { try list.encode(partial) }
            #expect(list.count == 1)
        }
        #expect(try text(of: list) == "[1]")
        let single = Custom { encoder in
            var value = encoder.singleValueContainer()
            #expect(throws: Failure.self) { try value.encode(partial) }
            #expect(throws: EncodingError.self) { try value.encode(Double.nan) }
            try value.encode("instead")
        }
        #expect(try text(of: single) == #""instead""#)
    }

    @Test func `nesting has the same limit`() {
        check(Nested(depth: 511))
        for value in [Nested(depth: 512), Nested(depth: 5000)] {
            #expect(throws: EncodingError.self) { try Self.encoder.encode(value) }
            #expect(throws: EncodingError.self) { try JSONBytesEncoder.bytes(of: value) }
        }
    }

    @Test func `types that Foundation encodes in a way of their own are refused`() {
        let values: [any Encodable] = [
            Data([1]), URL(fileURLWithPath: "/"), Decimal(1), [Data([1])], ["key": Data?.some(Data([1]))],
        ]
        for value in values {
            #expect(throws: EncodingError.self) { try JSONBytesEncoder.bytes(of: value) }
        }
        check(Date(timeIntervalSinceReferenceDate: 1.5))
        check(["id": UUID(uuidString: "01234567-89AB-CDEF-0123-456789ABCDEF")])
        check([UInt8](0...20))
    }

    @Test func `an encoder and its containers know their path`() throws {
        let paths = PathRecorder()
        let value = Record { fields in
            try fields.encode(1, forKey: "first")
            try fields.encode(
                List { list in
                    try list.encode(1)
                    try list.encode(
                        Custom {
                            paths.note($0.codingPath); try 1.encode(to: $0)
                        })
                    var nested = list.nestedContainer(keyedBy: Name.self)
                    paths.note(nested.codingPath)
                    try nested.encode(
                        Custom {
                            paths.note($0.codingPath); try 1.encode(to: $0)
                        }, forKey: "deep")
                }, forKey: "a\"b")
            paths.note(fields.codingPath)
            try Custom {
                paths.note($0.codingPath); try 1.encode(to: $0)
            }.encode(to: fields.superEncoder())
        }
        _ = try JSONBytesEncoder.bytes(of: value)
        // Foundation leaves out the nested containers.
        #expect(
            paths.seen == [
                ["a\"b", "Index 1"], ["a\"b", "Index 2"], ["a\"b", "Index 2", "deep"], [], ["super"],
            ])
    }

    // MARK: Random values

    @Test func `random values have the same form`() throws {
        var random = SeededGenerator()
        print("encoder: seed \(random.seed)")
        var longest = 0
        for _ in 0..<3000 {
            let value = RandomValue(using: &random)
            check(value, "seed \(random.seed)")
            // Whether the values are large enough to mean anything.
            longest = max(longest, try JSONBytesEncoder.bytes(of: value).count)
        }
        #expect(longest > 2000)
    }
}

// MARK: - Values

/// A value that is encoded by a closure.
private struct Custom: Encodable {
    let body: (any Encoder) throws -> Void
    func encode(to encoder: any Encoder) throws { try body(encoder) }
}

/// An object whose members a closure writes.
private struct Record: Encodable {
    let body: (inout KeyedEncodingContainer<Name>) throws -> Void

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Name.self)
        try body(&fields)
    }
}

/// An array whose elements a closure writes.
private struct List: Encodable {
    let body: (inout any UnkeyedEncodingContainer) throws -> Void

    func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try body(&list)
    }
}

/// A value in a container for a single value.
private struct Single<Value: Encodable>: Encodable {
    let value: Value

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

private struct Nothing: Encodable {
    func encode(to encoder: any Encoder) throws {}
}

private struct Nested: Encodable {
    let depth: Int

    func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        if depth > 1 { try list.encode(Nested(depth: depth - 1)) }
    }
}

private struct Name: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ text: String) { stringValue = text }
    init(stringLiteral text: String) { stringValue = text }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

private struct ByName: Hashable, Codable, CodingKeyRepresentable {
    let name: String
    init(_ name: String) { self.name = name }
    init?(codingKey: some CodingKey) { name = codingKey.stringValue }
    var codingKey: any CodingKey { Name(name) }
}

private enum Suit: String, Codable {
    case hearts, spades
    enum CodingKeys: CodingKey { case name }
}

private struct Point: Hashable, Encodable { let x: Int, y: Int }

private indirect enum Shape: Encodable {
    case circle(radius: Double)
    case polygon([Point], named: String?)
    case nested(Shape)
    case empty
}

private struct Optionals: Encodable {
    var text: String?
    var number: Int?
    var flag: Bool?
    var real: Double?
    var list: [Int?]?
    var nested: Box<Optionals>?
}

private final class Box<Value: Encodable>: Encodable {
    let value: Value
    init(_ value: Value) { self.value = value }
    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

private class Base: Encodable {
    let z = 1
    let base = "b"
}

private final class Derived: Base {
    let name = "n"
    let values = [1.5]

    private enum CodingKeys: CodingKey { case name, values }

    override func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(values, forKey: .values)
        try super.encode(to: fields.superEncoder())
        try fields.encode(name, forKey: .name)
    }
}

private final class PathRecorder {
    private(set) var seen: [[String]] = []

    func note(_ path: [any CodingKey]) { seen.append(path.map(\.stringValue)) }
}

/// A random value of any kind, down to a depth. Encoding it again gives the same text.
private indirect enum RandomValue: Encodable {
    case string(String)
    case integer(Int)
    case small(UInt8)
    case real(Double)
    case flag(Bool)
    case null
    case list([RandomValue])
    case strings([String])
    case members([(key: String, value: RandomValue)])
    case dictionary([String: RandomValue])
    case single(RandomValue)
    case nested(String, [RandomValue], [(key: String, value: RandomValue)])
    case shape(Shape)

    init(using random: inout SeededGenerator, depth: Int = 0) {
        func values() -> [RandomValue] {
            (0..<Int.random(in: 0...6, using: &random)).map { _ in RandomValue(using: &random, depth: depth + 1) }
        }
        func members() -> [(key: String, value: RandomValue)] { values().map { (Self.text(&random), $0) } }
        switch Int.random(in: 0..<(depth < 4 ? 16 : 7), using: &random) {
        case 0, 1: self = .string(Self.text(&random))
        case 2: self = .integer(Int.random(in: .min ... .max, using: &random) >> Int.random(in: 0...63, using: &random))
        case 3: self = .small(.random(in: 0...UInt8.max, using: &random))
        case 4: self = .real(Double(bitPattern: random.next()))
        case 5: self = .flag(.random(using: &random))
        case 6: self = .null
        case 7, 8: self = .list(values())
        case 9: self = .strings((0..<3).map { _ in Self.text(&random) })
        case 10, 11, 12: self = .members(members())
        case 13: self = .dictionary(Dictionary(members().map { ($0.key, $0.value) }) { $1 })
        case 14: self = .single(RandomValue(using: &random, depth: depth + 1))
        default:
            self =
                .random(using: &random) ? .nested(Self.text(&random), values(), members()) : .shape(.circle(radius: 2))
        }
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        // Keys that Swift considers equal although their bytes differ are left out: Foundation keeps one of them.
        let parts = ["a", "b", "key", "created_", "0", " ", "é", "€", "😀", "\n", "\"", "\\", "/", "\u{1}", "\u{7F}"]
        return (0..<Int.random(in: 0...9, using: &random)).map { _ in random.pick(parts) }.joined()
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .string(let value): try value.encode(to: encoder)
        case .integer(let value): try value.encode(to: encoder)
        case .small(let value): try value.encode(to: encoder)
        case .real(let value): try (value.isFinite ? value : 0).encode(to: encoder)
        case .flag(let value): try value.encode(to: encoder)
        case .null: try Int?.none.encode(to: encoder)
        case .list(let values): try values.encode(to: encoder)
        case .strings(let values): try values.encode(to: encoder)
        case .dictionary(let values): try values.encode(to: encoder)
        case .single(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .shape(let shape): try shape.encode(to: encoder)
        case .members(let members):
            var fields = encoder.container(keyedBy: Name.self)
            for (key, value) in members { try fields.encode(value, forKey: Name(key)) }
        case .nested(let key, let values, let members):
            var fields = encoder.container(keyedBy: Name.self)
            var list = fields.nestedUnkeyedContainer(forKey: Name(key + " list"))
            var object = fields.nestedContainer(keyedBy: Name.self, forKey: Name(key + " object"))
            for (index, value) in values.enumerated() {
                try list.encode(value)
                if index < members.count { try object.encode(members[index].value, forKey: Name(members[index].key)) }
                try fields.encode(value, forKey: Name("\(key) \(index)"))
            }
        }
    }
}
