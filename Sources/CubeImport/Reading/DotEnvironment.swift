/// An environment file in the syntax of Compose, such as `.env`: the variables in their order.
///
/// Values that are not in single quotes may refer to variables. A line without a value takes it from the surrounding environment.
struct DotEnvironment {
    /// The variables in the order of the file; a later one of the same name overrides an earlier one.
    private(set) var variables: [(name: String, value: String)] = []

    /// An invalid line. It contains no text of the file, which may be a secret.
    struct Problem: Error, Hashable {
        var line: Int
        var rule: String
    }

    private var line = 1
    private var rest: Substring.UnicodeScalarView
    private let outer: (String) -> String?

    /// - Parameter outer: the surrounding variables, for references and for lines without a value.
    init(_ bytes: [UInt8], outer: @escaping (String) -> String?) throws(Problem) {
        self.outer = outer
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Problem(line: 1, rule: "the file is not valid UTF-8")
        }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where scalar != "\r" && scalar != "\u{FEFF}" { scalars.append(scalar) }
        rest = scalars[...]
        while !rest.isEmpty { try readLine() }
    }

    private mutating func readLine() throws(Problem) {
        skipBlanks()
        guard let first = rest.first else { return }
        if first == "\n" { return endLine() }
        if first == "#" { return skipLine() }
        var name = word()
        skipBlanks()
        if name == "export", rest.first != "=", rest.first != ":" {
            name = word()
            skipBlanks()
        }
        guard !name.isEmpty, !name.unicodeScalars.contains(where: { " \t\"'".unicodeScalars.contains($0) }) else {
            throw Problem(line: line, rule: "the line must be NAME=VALUE")
        }
        switch rest.first {
        case "=", ":":
            rest.removeFirst()
            skipBlanks()
            variables.append((name, try value()))
        case nil, "\n", "#":
            if let value = outer(name) { variables.append((name, value)) }
        default: throw Problem(line: line, rule: "the line must be NAME=VALUE")
        }
        skipLine()
    }

    private mutating func word() -> String {
        let word = rest.prefix { !"=:\n# \t".unicodeScalars.contains($0) }
        rest = rest[word.endIndex...]
        return String(word)
    }

    private mutating func value() throws(Problem) -> String {
        switch rest.first {
        case "'": return try quoted("'")
        case "\"": return try expanded(try quoted("\""))
        default:
            var value = rest.prefix { $0 != "\n" }
            rest = rest[value.endIndex...]
            if value.first == "#" { return "" }
            var previous: Unicode.Scalar = "x"
            for index in value.indices {
                if value[index] == "#", previous == " " || previous == "\t" {
                    value = value[..<index]
                    break
                }
                previous = value[index]
            }
            while let last = value.last, last == " " || last == "\t" { value.removeLast() }
            return try expanded(String(value))
        }
    }

    /// Reads a quoted value, which may span lines. In double quotes, `\$` becomes `$$`, which the expansion turns into `$`.
    private mutating func quoted(_ quote: Unicode.Scalar) throws(Problem) -> String {
        let start = line
        rest.removeFirst()
        var value = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            if scalar == quote { return String(value) }
            if scalar == "\n" { line += 1 }
            guard scalar == "\\", quote == "\"", let escaped = rest.popFirst() else {
                value.append(scalar)
                continue
            }
            switch escaped {
            case "n": value.append("\n")
            case "r": value.append("\r")
            case "t": value.append("\t")
            case "\\", "\"": value.append(escaped)
            case "$": value += "$$".unicodeScalars
            default: value += [scalar, escaped]
            }
        }
        throw Problem(line: start, rule: "the quote is not closed")
    }

    private func expanded(_ text: String) throws(Problem) -> String {
        var interpolation = Interpolation(isLenient: true) { name in
            outer(name) ?? variables.last { $0.name == name }?.value
        }
        do throws(Interpolation.Problem) { return try interpolation.expand(text) } catch {
            switch error {
            case .invalid: throw Problem(line: line, rule: "a reference to a variable is invalid")
            case .required(let name, _): throw Problem(line: line, rule: "the variable \(name) must be set")
            }
        }
    }

    private mutating func skipBlanks() {
        while let scalar = rest.first, scalar == " " || scalar == "\t" { rest.removeFirst() }
    }

    private mutating func skipLine() {
        while let scalar = rest.first, scalar != "\n" { rest.removeFirst() }
        if !rest.isEmpty { endLine() }
    }

    private mutating func endLine() {
        rest.removeFirst()
        line += 1
    }
}
