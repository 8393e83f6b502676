import CubeTesting
import Foundation
import Testing

@testable import CubeJSON

/// Compares the decoder with Foundation's.
@Suite struct JSONBytesDecoderTests {
    /// Expects the same value from both decoders, or an error from both. Which error of several comes first depends on the order in which
    /// Foundation's decoder gives the keys of an object, which differs from run to run.
    private func check<Value: Decodable & Equatable>(
        _ text: String, as type: Value.Type, _ location: SourceLocation = #_sourceLocation
    ) {
        let theirs = Outcome { try JSONDecoder().decode(type, from: Data(text.utf8)) }
        let mine = Outcome { try JSONBytesDecoder.value(type, from: Array(text.utf8)) }
        #expect(mine.value == theirs.value, "\(text)", sourceLocation: location)
    }

    private enum Outcome<Value: Equatable>: Equatable {
        case value(Value)
        case error(kind: String, path: [String], indices: [Int?])

        var value: Value? { if case .value(let value) = self { value } else { nil } }

        init(_ decode: () throws -> Value) {
            func error(_ kind: String, _ path: [any CodingKey]) -> Outcome {
                .error(kind: kind, path: path.map(\.stringValue), indices: path.map(\.intValue))
            }
            do {
                self = .value(try decode())
            } catch DecodingError.keyNotFound(let key, let context) {
                self = error("no \(key.stringValue)", context.codingPath)
            } catch DecodingError.valueNotFound(_, let context) {
                self = error("null", context.codingPath)
            } catch DecodingError.typeMismatch(_, let context) {
                self = error("other type", context.codingPath)
            } catch DecodingError.dataCorrupted(let context) {
                self = error("invalid", context.codingPath)
            } catch let other {
                self = error("\(other)", [])
            }
        }
    }

    // MARK: Scalars

    private static let numbers = [
        "0", "-0", "1", "-1", "127", "128", "-128", "-129", "255", "256", "65535", "2147483648", "4294967295",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "18446744073709551615", "18446744073709551616", "123456789012345678", "1234567890123456789", "1.0", "1.50",
        "100e-2", "1e3", "1E+2", "12e-1", "0.1", "-0.0", "1e300", "123456789.125", "9007199254740993",
        "0.30000000000000004", "5e-324", "16777217",
    ]

    @Test func `numbers are decoded alike`() throws {
        func integers<Number: FixedWidthInteger & Decodable>(_ type: Number.Type) {
            for text in Self.numbers {
                check(text, as: type)
                check("[\(text), 1]", as: [Number].self)
                check("{\"value\":\(text)}", as: Box<Number>.self)
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
        for text in Self.numbers {
            check(text, as: Double.self)
            check("{\"value\":\(text)}", as: Box<Double>.self)
            check("[\(text)]", as: [Double].self)
        }
        for text in ["0", "-0", "1.5", "16777216", "0.1", "1e30"] { check(text, as: Float.self) }
        for number in [Double.pi, .ulpOfOne, .greatestFiniteMagnitude, .leastNonzeroMagnitude, -1e-7, 1e21] {
            check("\(number)", as: Double.self)
        }
        // Foundation refuses a number that is too small for any digit.
        #expect(try JSONBytesDecoder.value(Double.self, from: Array("1e-400".utf8)) == 0)
        // The sign of a zero is not a difference to `==`.
        #expect(try JSONBytesDecoder.value(Double.self, from: Array("-0".utf8)).sign == .minus)
    }

    @Test func `an error has its kind and the path to its place`() {
        func expect<Value: Decodable & Equatable>(
            _ kind: String, at path: [String], _ text: String, as type: Value.Type,
            _ location: SourceLocation = #_sourceLocation
        ) {
            let outcome = Outcome { try JSONBytesDecoder.value(type, from: Array(text.utf8)) }
            guard case .error(kind, path, _) = outcome else {
                Issue.record("\(text): \(outcome)", sourceLocation: location)
                return
            }
        }
        expect("other type", at: [], "1", as: String.self)
        expect("null", at: [], "null", as: Int.self)
        expect("null", at: [], "null", as: Point.self)
        expect("no y", at: [], #"{"x":1}"#, as: Point.self)
        expect("other type", at: ["y"], #"{"x":1,"y":"2"}"#, as: Point.self)
        expect("no x", at: ["b", "Index 1"], #"{"a":[],"b":[{"x":1,"y":2},{"y":2}]}"#, as: [String: [Point]].self)
        expect("other type", at: ["Index 2"], #"[1,[2],{}]"#, as: [Walkable].self)
        expect("invalid", at: ["Index 1", "value"], #"[{"value":1},{"value":300}]"#, as: [Box<UInt8>].self)
        expect("invalid", at: ["Index 0"], #"["clubs"]"#, as: [Suit].self)
        expect("null", at: ["a\nb"], #"{"a\nb":null}"#, as: [String: Int].self)
        expect("invalid", at: [], "[1,]", as: [Int].self)
    }

    @Test func `a number out of range is an error that names it`() {
        for text in ["1e400", "-1e400"] {
            check(text, as: Double.self)
            check("[[\(text)]]", as: [[Double]].self)
        }
        func message(_ decode: () throws -> Void) -> String? {
            do { try decode() } catch DecodingError.dataCorrupted(let context) { return context.debugDescription } catch
            {}
            return nil
        }
        #expect(
            message { _ = try JSONBytesDecoder.value(Int8.self, from: Array("300".utf8)) }
                == "300 must be a whole number from -128 to 127")
        #expect(
            message { _ = try JSONBytesDecoder.value([Int].self, from: Array("[1.5]".utf8)) }?
                .hasPrefix("1.5 must be a whole number from") == true)
    }

    @Test func `strings and booleans are decoded alike`() {
        let strings = [
            "", "plain", "é€😀", #"\"\\\/\b\f\n\r\t"#, #"\u0041\u00e9\ud83d\ude00"#, #"a\u0000b"#, "\u{7F}", "e\u{301}",
        ]
        for text in strings {
            check("\"\(text)\"", as: String.self)
            check("[\"\(text)\"]", as: [String].self)
            check("{\"\(text)\":\"\(text)\"}", as: [String: String].self)
        }
        for text in ["true", "false"] {
            check(text, as: Bool.self)
            check("[\(text)]", as: [Bool].self)
            check("{\"value\":\(text)}", as: Box<Bool>.self)
        }
    }

    // MARK: Objects, arrays and absent values

    private static let samples = [
        "null", "true", "0", "1.5", "\"x\"", "[]", "[1]", "[null]", "{}", #"{"value":1}"#, #"{"value":null}"#,
        #"[[1],[2]]"#,
        #"{"x":1,"y":2}"#, #"{"y":2,"x":1,"more":[{"a":[]}]}"#, #"{"list":[1,null,3],"nested":{"text":"t"}}"#,
        #"["a",{"b":"c"}]"#, #"{"circle":{"radius":1}}"#, #"{"empty":{}}"#, #"{"circle":{}}"#, #"{"1":2,"3":4}"#,
        #"{"polygon":{"_0":[{"x":1,"y":2},{"x":3}]}}"#, #"{"hearts":1,"spades":2}"#, #"["hearts"]"#, #"["none"]"#,
        #"{"text":"t","super":{"z":3,"base":"c"},"name":"n"}"#, #"{"name":"n","super":{"base":"c"}}"#, #"{"name":"n"}"#,
        #"{"text":1}"#, #"{"number":"1"}"#, #"{"flag":0}"#, #"{"real":[]}"#, #"{"list":{}}"#,
        #"{"nested":{"nested":{"text":2}}}"#,
    ]

    @Test(arguments: samples) func `each kind of value is decoded alike, as each type`(_ text: String) {
        for text in [text, "[\(text)]", "{\"key\":\(text)}"] {
            check(text, as: Int.self)
            check(text, as: String.self)
            check(text, as: Bool.self)
            check(text, as: Double.self)
            check(text, as: Int?.self)
            check(text, as: [Int].self)
            check(text, as: [Int?].self)
            check(text, as: [String: Int].self)
            check(text, as: [String: Int?].self)
            check(text, as: [Int: Int].self)
            check(text, as: [Suit: Int].self)
            check(text, as: [ByName: Int].self)
            check(text, as: [[Int]].self)
            check(text, as: Set<Int>.self)
            check(text, as: Box<Int>.self)
            check(text, as: Box<Int?>.self)
            check(text, as: [Box<Int>].self)
            check(text, as: Point.self)
            check(text, as: [Point: Int].self)
            check(text, as: Optionals.self)
            check(text, as: [Optionals].self)
            check(text, as: [Shape].self)
            check(text, as: [String: Shape].self)
            check(text, as: Shape.self)
            check(text, as: Suit.self)
            check(text, as: [Suit].self)
            check(text, as: Derived.self)
            check(text, as: Walk.self)
            check(text, as: Absences.self)
        }
    }

    @Test func `a member is found among few and among many`() {
        var random = SeededGenerator()
        for count in [1, 2, 31, 32, 33, 64, 65, 500] {
            let members = (0..<count).map { "\"key \($0)\":\($0)" }.shuffled(using: &random).joined(separator: ",")
            check("{\(members)}", as: [String: Int].self)
            check("{\(members),\"x\":1,\"y\":\(count)}", as: Point.self)
            check("{\"y\":[0],\(members),\"x\":1}", as: Point.self)
            check("{\(members),\"x\":1}", as: Point.self)
            check("{\"\\u0079\":2,\(members),\"x\":1}", as: Point.self)
        }
        check(#"{"é":1,"\u00e8":2,"e":3}"#, as: [String: Int].self)
        check(#"{"\n":1,"\u000a\u000a":2}"#, as: [String: Int].self)
    }

    @Test func `of two members with the same key, the first one counts`() throws {
        let many = (0..<100).map { "\"\($0)\":0" }.joined(separator: ",")
        for rest in ["", ",\(many)"] {
            let bytes = Array("{\"x\":1,\"x\":2,\"y\":3\(rest)}".utf8)
            #expect(try JSONBytesDecoder.value(Point.self, from: bytes) == Point(x: 1, y: 3))
        }
    }

    // MARK: Errors

    @Test func `a text that is not JSON is an error`() throws {
        for text in ["", " ", "{", "[1,]", "{\"a\":1,}", "01", "nul", "\"\u{1}\"", "[1] 2", "\u{FEFF}1", "{'a':1}"] {
            #expect(throws: DecodingError.self, "\(text)") {
                try JSONBytesDecoder.value([Int].self, from: Array(text.utf8))
            }
        }
        #expect(throws: DecodingError.self) { try JSONBytesDecoder.value(String.self, from: [0x22, 0xFF, 0x22]) }
        let deep = String(repeating: "[", count: 511) + String(repeating: "]", count: 511)
        #expect(throws: Never.self) { try JSONBytesDecoder.value(Nested.self, from: Array(deep.utf8)) }
        #expect(throws: DecodingError.self) { try JSONBytesDecoder.value(Nested.self, from: Array("[\(deep)]".utf8)) }
    }

    @Test func `types that Foundation decodes in a way of their own are refused`() {
        #expect(throws: DecodingError.self) { try JSONBytesDecoder.value([Data].self, from: Array(#"["AQ=="]"#.utf8)) }
        #expect(throws: DecodingError.self) {
            try JSONBytesDecoder.value([URL].self, from: Array(#"["http://a"]"#.utf8))
        }
        #expect(throws: DecodingError.self) { try JSONBytesDecoder.value([Decimal].self, from: Array("[1]".utf8)) }
        check("[1.5]", as: [Date].self)
        check(#"["01234567-89AB-CDEF-0123-456789ABCDEF"]"#, as: [UUID].self)
    }

    @Test func `a decoder gives its user info and its path`() throws {
        let key = CodingUserInfoKey(rawValue: "key")!
        let value: [[Probe]] = try JSONBytesDecoder.value(from: Array(#"[[], [{"a": {}}]]"#.utf8), userInfo: [key: 7])
        #expect(value.last?.first?.seen == ["Index 1 Index 0: 7", "Index 1 Index 0 a: 7", "Index 1 Index 0 b: 7"])
    }

    // MARK: Random values

    @Test func `what the encoder wrote is decoded alike`() async throws {
        var random = SeededGenerator()
        print("decoder: seed \(random.seed)")
        for _ in 0..<2000 {
            let value = Walk(using: &random)
            let text = String(decoding: try JSONBytesEncoder.bytes(of: value), as: UTF8.self)
            // Lets the tests proceed that wait.
            await Task.yield()
            check(text, as: Walk.self)
            check(text, as: Optionals.self)
            check(text, as: [Int].self)
            check(text, as: [String: String].self)
        }
    }
}

// MARK: - Values

/// Returns `nil` if the value is of another kind.
private func attempt<Value>(_ read: () throws -> Value) -> Value? {
    do { return try read() } catch { return nil }
}

private struct Box<Value: Decodable & Equatable>: Decodable, Equatable { let value: Value }

private struct Point: Hashable, Decodable { let x: Int, y: Int }

/// A number, or an array of numbers.
private enum Walkable: Decodable, Equatable {
    case one(Int)
    case many([Int])

    init(from decoder: any Decoder) throws {
        if let number = attempt({ try decoder.singleValueContainer().decode(Int.self) }) {
            self = .one(number)
        } else {
            self = .many(try [Int](from: decoder))
        }
    }
}

private enum Suit: String, Codable, CodingKeyRepresentable { case hearts, spades }

private struct ByName: Hashable, Decodable, CodingKeyRepresentable {
    let name: String

    init?(codingKey: some CodingKey) { name = codingKey.stringValue }
    var codingKey: any CodingKey { Key(name) }
}

private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

private indirect enum Shape: Decodable, Equatable {
    case circle(radius: Double)
    case polygon([Point], named: String?)
    case nested(Shape)
    case empty
}

private struct Optionals: Decodable, Equatable {
    var text: String?
    var number: Int?
    var flag: Bool?
    var real: Double?
    var small: UInt8?
    var list: [Int?]?
    var nested: [String: Optionals]?
}

private struct Nested: Decodable {
    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd { _ = try list.decode(Nested.self) }
    }
}

private class Base: Decodable {
    let z: Int
    let base: String
}

private final class Derived: Base, Equatable {
    let name: String

    private enum CodingKeys: CodingKey { case name }

    required init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.decode(String.self, forKey: .name)
        try super.init(from: fields.superDecoder())
    }

    static func == (left: Derived, right: Derived) -> Bool {
        (left.name, left.base, left.z) == (right.name, right.base, right.z)
    }
}

/// What a value finds where nothing is.
private struct Absences: Decodable, Equatable {
    var nothing: Int?
    var isNull: Bool
    var isContained: Bool

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let absent = try fields.superDecoder(forKey: Key("absent"))
        nothing = try Int?(from: absent)
        isNull = try absent.singleValueContainer().decodeNil()
        isContained = fields.contains(Key("absent"))
        _ = attempt { try absent.container(keyedBy: Key.self) }
        if !fields.allKeys.isEmpty { _ = try String(from: absent) }
    }
}

private struct Probe: Decodable {
    var seen: [String] = []

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        for decoder in [decoder, try fields.superDecoder(forKey: Key("a")), try fields.superDecoder(forKey: Key("b"))] {
            let info = decoder.userInfo[CodingUserInfoKey(rawValue: "key")!]
            seen.append("\(decoder.codingPath.map(\.stringValue).joined(separator: " ")): \(info ?? "none")")
        }
    }
}

/// Any value, as its containers give it: nested ones, by key and by position.
private indirect enum Walk: Codable, Equatable {
    case text(String)
    case number(Double)
    case flag(Bool)
    case null
    case list([Walk])
    case object([String: Walk])

    init(from decoder: any Decoder) throws {
        if let fields = attempt({ try decoder.container(keyedBy: Key.self) }) {
            var members: [String: Walk] = [:]
            for key in fields.allKeys {
                if let nested = attempt({ try fields.nestedContainer(keyedBy: Key.self, forKey: key) }) {
                    members[key.stringValue + " count"] = .number(Double(nested.allKeys.count))
                }
                if let nested = attempt({ try fields.nestedUnkeyedContainer(forKey: key) }) {
                    members[key.stringValue + " count"] = .number(Double(nested.count ?? -1))
                }
                members[key.stringValue] =
                    try fields.decodeNil(forKey: key) ? .null : Walk(from: fields.superDecoder(forKey: key))
            }
            self = .object(members)
        } else if var list = attempt({ try decoder.unkeyedContainer() }) {
            var elements: [Walk] = [.number(Double(list.count ?? -1))]
            while !list.isAtEnd {
                if try list.decodeNil() {
                    elements.append(.null)
                } else if list.currentIndex.isMultiple(of: 2), attempt({ try list.decode(Int.self) }) == nil {
                    elements.append(try Walk(from: list.superDecoder()))
                } else if !list.isAtEnd {
                    elements.append(try list.decode(Walk.self))
                }
            }
            self = .list(elements)
        } else {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .null
            } else if let flag = attempt({ try value.decode(Bool.self) }) {
                self = .flag(flag)
            } else if let number = attempt({ try value.decode(Double.self) }) {
                self = .number(number)
            } else {
                self = .text(try value.decode(String.self))
            }
        }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .text(let value): try value.encode(to: encoder)
        case .number(let value): try value.encode(to: encoder)
        case .flag(let value): try value.encode(to: encoder)
        case .null: try Int?.none.encode(to: encoder)
        case .list(let values): try values.encode(to: encoder)
        case .object(let values): try values.encode(to: encoder)
        }
    }

    init(using random: inout SeededGenerator, depth: Int = 0) {
        func text() -> String {
            let parts = ["a", "key", "text", "nested", "list", "0", " ", "é", "😀", "\n", "\"", "\\", "/", "\u{1}"]
            return (0..<Int.random(in: 0...2, using: &random)).map { _ in random.pick(parts) }.joined()
        }
        func values() -> [Walk] {
            (0..<Int.random(in: 0...6, using: &random)).map { _ in Walk(using: &random, depth: depth + 1) }
        }
        switch Int.random(in: 0..<(depth < 4 ? 10 : 4), using: &random) {
        case 0: self = .text(text())
        case 1: self = .number(Double(Int.random(in: -1_000_000...1_000_000, using: &random)) / 8)
        case 2: self = .flag(.random(using: &random))
        case 3: self = .null
        case 4, 5, 6: self = .list(values())
        default: self = .object(Dictionary(values().map { (text(), $0) }) { $1 })
        }
    }
}
