import CubeTesting
import Foundation
import Testing

@testable import CubeJSON

/// Compares the reader with Foundation's. Where RFC 8259 leaves no choice, both must give the same result.
@Suite struct DifferentialTests {
    @Test func `both readers find the same values in random texts`() throws {
        var generator = SeededGenerator()
        print("differential: seed \(generator.seed)")
        for _ in 0..<2000 {
            let text = Self.value(&generator, depth: 0)
            let mine = try JSONDocument(reading: Array(text.utf8)).root
            let theirs = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
            #expect(Self.plain(mine) == theirs as? NSObject, "\(text), seed \(generator.seed)")
        }
    }

    @Test func `both readers accept or reject the same texts with one byte changed`() throws {
        var generator = SeededGenerator()
        print("differential: seed \(generator.seed)")
        var refused = 0
        let alphabet = Array(#"{}[]",:0123456789.eE+-truefalsn \/u "#.utf8)
        for _ in 0..<20_000 {
            var bytes = Array(Self.value(&generator, depth: 2).utf8)
            let position = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes[position] = generator.pick(alphabet)
            case 1: bytes.remove(at: position)
            default: bytes.insert(generator.pick(alphabet), at: position)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            // Excluded are numbers beyond a Double and unpaired surrogates, which RFC 8259 leaves open, and a comma before the end
            // of an array or object, which Foundation wrongly accepts.
            guard !text.contains(/[0-9]{17}|[eE][+-]?[0-9]{3}|\\u[dD][89a-fA-F]|,\s*[\]}]/) else { continue }
            // The errors do not matter, only whether the text is accepted.
            let isRead = (try? JSONDocument(reading: bytes)) != nil
            let isReadThere =
                // Only whether Foundation accepts the text.
                (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
            #expect(isRead == isReadThere, "\(text), seed \(generator.seed)")
            if !isRead { refused += 1 }
        }
        print("differential: \(refused) of 20000 refused")
    }

    /// Returns the text of a random value. Objects have no duplicate keys.
    private static func value(_ generator: inout SeededGenerator, depth: Int) -> String {
        let space = generator.pick(["", "", " ", "\n", "\t\r\n"])
        let text: String
        switch Int.random(in: 0..<(depth < 4 ? 8 : 5), using: &generator) {
        case 0: text = generator.pick(["null", "true", "false"])
        case 1: text = "\(Int32.random(in: .min ... .max, using: &generator))"
        case 2: text = "\(Int.random(in: 1...999, using: &generator)).25e\(Int.random(in: -9...9, using: &generator))"
        case 3, 4: text = string(&generator)
        case 5, 6:
            let elements = (0..<Int.random(in: 0...4, using: &generator)).map { _ in value(&generator, depth: depth + 1)
            }
            text = "[" + elements.joined(separator: ",") + space + "]"
        default:
            let keys = Set((0..<Int.random(in: 0...4, using: &generator)).map { _ in string(&generator) })
            var members: [String] = []
            var seen: Set<String> = []
            for key in keys.sorted() where seen.insert(resolved(key)).inserted {
                members.append("\(space)\(key):\(value(&generator, depth: depth + 1))")
            }
            text = "{" + members.joined(separator: ",") + "}"
        }
        return space + text + space
    }

    private static func string(_ generator: inout SeededGenerator) -> String {
        let parts = [
            "a", "B", "0", " ", "é", "€", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u00e9", "\\uD83D\\uDE00", "\u{7F}",
        ]
        return "\"" + (0..<Int.random(in: 0...6, using: &generator)).map { _ in generator.pick(parts) }.joined() + "\""
    }

    private static func resolved(_ string: String) -> String {
        // Invalid text counts as different from all valid texts.
        (try? JSONDocument(reading: Array(string.utf8)).root.string) ?? ""
    }

    /// Converts a value to the classes of Foundation.
    private static func plain(_ value: JSONValue) -> NSObject {
        switch value.kind {
        case .null: NSNull()
        case .boolean: NSNumber(value: value.boolean!)
        case .number: NSNumber(value: Double(value.number!.text)!)
        case .string: NSString(string: value.string!)
        case .array: NSArray(array: value.elements.map(plain))
        case .object:
            NSDictionary(
                dictionary: Dictionary(
                    uniqueKeysWithValues: value.members.map { ($0.key.text as NSString, plain($0.value)) }))
        }
    }
}
