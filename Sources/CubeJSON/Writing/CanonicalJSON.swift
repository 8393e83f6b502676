/// A JSON value that the program creates, with exactly one written form.
///
/// Keys are sorted by their UTF-8 bytes. Strings are not normalised, and only required escapes are used. There are no floating-point
/// numbers. The code that creates a value omits empty fields.
///
/// Two values are equal if their canonical forms are equal.
package enum CanonicalJSON: Sendable {
    case string(String)
    case integer(Int64)
    case boolean(Bool)
    case array([CanonicalJSON])
    case object([String: CanonicalJSON])

    /// The canonical form, without white space.
    package var bytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output, indentation: nil)
        return output
    }

    /// The form for people: one item per line, indented by two spaces for each level.
    package var text: String {
        var output: [UInt8] = []
        write(to: &output, indentation: 0)
        return String(decoding: output, as: UTF8.self)
    }

    package func write(to output: inout [UInt8], indentation: Int?) {
        switch self {
        case .string(let text): Self.write(text, to: &output)
        case .integer(let number): JSONScalar.append(number, to: &output)
        case .boolean(let flag): JSONScalar.append(word: flag ? "true" : "false", to: &output)
        case .array(let elements):
            Self.write(elements, between: "[", and: "]", to: &output, indentation: indentation) { element, output in
                element.write(to: &output, indentation: indentation.map { $0 + 1 })
            }
        case .object(let members):
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            Self.write(sorted, between: "{", and: "}", to: &output, indentation: indentation) { member, output in
                Self.write(member.key, to: &output)
                output += (indentation == nil ? ":" : ": ").utf8
                member.value.write(to: &output, indentation: indentation.map { $0 + 1 })
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], between open: Unicode.Scalar, and close: Unicode.Scalar, to output: inout [UInt8],
        indentation: Int?, each: (Item, inout [UInt8]) -> Void
    ) {
        func breakLine(_ level: Int?) {
            guard let level, !items.isEmpty else { return }
            output.append(UInt8(ascii: "\n"))
            output += repeatElement(UInt8(ascii: " "), count: 2 * level)
        }
        output.append(UInt8(ascii: open))
        for (position, item) in items.enumerated() {
            if position > 0 { output.append(UInt8(ascii: ",")) }
            breakLine(indentation.map { $0 + 1 })
            each(item, &output)
        }
        breakLine(indentation)
        output.append(UInt8(ascii: close))
    }

    package static func write(_ text: String, to output: inout [UInt8]) { JSONScalar.append(text, to: &output) }
}

extension CanonicalJSON: Hashable {
    package static func == (left: CanonicalJSON, right: CanonicalJSON) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)): ExactText.areSame(left, right)
        case (.integer(let left), .integer(let right)): left == right
        case (.boolean(let left), .boolean(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.allSatisfy { key, value in
                    guard let place = right.index(forKey: key) else { return false }
                    return ExactText.areSame(right[place].key, key) && right[place].value == value
                }
        case (.string, _), (.integer, _), (.boolean, _), (.array, _), (.object, _): false
        }
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
