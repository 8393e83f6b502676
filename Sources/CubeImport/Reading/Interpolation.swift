/// Replaces variables in a text as Compose does: `$NAME`, `${NAME}`, the defaults `:-` and `-`, the errors `:?` and `?`, the
/// replacements `:+` and `+`, each with nested variables, and `$$` for a dollar sign.
struct Interpolation {
    /// A text that cannot be interpolated.
    enum Problem: Error, Hashable {
        /// The text has a dollar sign that begins no variable.
        case invalid
        /// A variable with `?` has no value; with the message in the text.
        case required(name: String, message: String)
    }

    /// The maximum depth of nested variables.
    private static let maximumDepth = 50

    private let variable: (String) -> String?
    /// Whether a dollar sign that begins no variable stands for itself, as in environment files.
    private let isLenient: Bool
    /// The variables without a value and without a default, in the order of the text.
    private(set) var unset: [String] = []

    init(isLenient: Bool = false, variable: @escaping (String) -> String?) {
        self.variable = variable
        self.isLenient = isLenient
    }

    mutating func expand(_ text: String) throws(Problem) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        return String(try expand(text.unicodeScalars[...], depth: 0))
    }

    private mutating func expand(
        _ text: Substring.UnicodeScalarView, depth: Int
    ) throws(Problem) -> String.UnicodeScalarView {
        guard depth <= Self.maximumDepth else { throw .invalid }
        var result = String.UnicodeScalarView()
        var rest = text
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            switch rest.first {
            case "$":
                result.append("$")
                rest.removeFirst()
            case "{":
                guard let close = Self.closingBrace(in: rest) else {
                    guard isLenient else { throw .invalid }
                    result.append("$")
                    continue
                }
                result += try braced(rest[rest.index(after: rest.startIndex)..<close], depth: depth + 1)
                rest = rest[rest.index(after: close)...]
            default:
                let name = Self.name(rest)
                if name.isEmpty {
                    guard isLenient else { throw .invalid }
                    result.append("$")
                } else {
                    result += value(String(name)).unicodeScalars
                    rest = rest[name.endIndex...]
                }
            }
        }
        return result + rest
    }

    private mutating func value(_ name: String) -> String {
        if let value = variable(name) { return value }
        unset.append(name)
        return ""
    }

    /// Expands what stands between braces.
    private mutating func braced(
        _ text: Substring.UnicodeScalarView, depth: Int
    ) throws(Problem) -> String.UnicodeScalarView {
        let name = Self.name(text)
        guard !name.isEmpty else { throw .invalid }
        let present = variable(String(name))
        var rest = text[name.endIndex...]
        guard let first = rest.first else { return value(String(name)).unicodeScalars }
        let countsEmpty = first == ":"
        if countsEmpty { rest.removeFirst() }
        guard let operation = rest.popFirst() else { throw .invalid }
        let isSet = present.map { !countsEmpty || !$0.isEmpty } ?? false
        switch operation {
        case "-": return isSet ? present!.unicodeScalars : try expand(rest, depth: depth)
        case "+": return isSet ? try expand(rest, depth: depth) : String.UnicodeScalarView()
        case "?":
            if isSet { return present!.unicodeScalars }
            throw .required(name: String(name), message: String(try expand(rest, depth: depth)))
        default: throw .invalid
        }
    }

    /// Returns the longest name of a variable at the beginning of a text.
    private static func name(_ text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
        guard let first = text.first, first == "_" || isLetter(first) else { return text[..<text.startIndex] }
        return text.prefix { $0 == "_" || isLetter($0) || ("0"..."9").contains($0) }
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }

    /// Returns the index of the brace that closes the one at the beginning of a text.
    private static func closingBrace(in text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView.Index? {
        var depth = 0
        var previous: Unicode.Scalar = " "
        for index in text.indices {
            let scalar = text[index]
            if scalar == "{", depth == 0 || previous == "$" { depth += 1 }
            if scalar == "}" {
                depth -= 1
                if depth == 0 { return index }
            }
            previous = scalar
        }
        return nil
    }
}

extension ComposeValue {
    /// Returns the value with all variables in its scalars replaced, and notes about the variables.
    ///
    /// - Parameter key: the keys that lead to the value, separated by dots; `nil` for a whole file.
    func interpolated(
        _ variable: @escaping (String) -> String?, _ notes: inout [ImportNote], key: String? = nil
    ) -> ComposeValue {
        var copy = self
        switch content {
        case .scalar(var scalar):
            guard scalar.text.utf8.contains(UInt8(ascii: "$")) else { return self }
            var interpolation = Interpolation(variable: variable)
            do throws(Interpolation.Problem) {
                scalar.text = try interpolation.expand(scalar.text)
                // The value of a variable is a text, even if it is empty or looks like a number.
                scalar.isPlain = false
                copy.content = .scalar(scalar)
                for name in interpolation.unset {
                    notes.append(
                        ImportNote(
                            .info, .unsetVariable, "the variable \(name) is not set; an empty text takes its place",
                            at: place)
                    )
                }
            } catch {
                notes.append(error.note(key: key, at: place))
            }
        case .sequence(let elements):
            copy.content = .sequence(elements.map { $0.interpolated(variable, &notes, key: key) })
        case .mapping(let members):
            copy.content = .mapping(
                members.map { member in
                    var member = member
                    let path = key.map { "\($0).\(member.key)" } ?? member.key
                    member.value = member.value.interpolated(variable, &notes, key: path)
                    return member
                })
        }
        return copy
    }
}

extension Interpolation.Problem {
    /// Returns an error that does not contain the value, which may be a secret.
    fileprivate func note(key: String?, at place: SourcePlace) -> ImportNote {
        switch self {
        case .invalid:
            ImportNote(
                .error, .invalidValue, "the value has a $ that begins no variable; write $$ for a dollar sign",
                key: key, at: place)
        case .required(let name, let message):
            ImportNote(
                .error, .requiredVariable, "the variable \(name) must be set" + (message.isEmpty ? "" : ": \(message)"),
                key: key, at: place)
        }
    }
}
