/// An environment file in the format that Compose, systemd and the dotenv libraries have in common. The manifest check and the
/// worker share this code, so that a file that is valid for one is valid for the other.
///
/// - A line is `NAME=VALUE`, optionally with blanks around either part and `export` before the name. Empty lines and lines that
///   begin with `#` are ignored. Lines end with LF or CR LF. A byte-order mark at the beginning is skipped.
/// - A name consists of letters, digits, `_`, `.` and `-`, and does not begin with a digit. A later variable overrides an earlier
///   one with the same name.
/// - A value in single quotes is literal. In double quotes, `\n`, `\r`, `\t`, `\"`, `\\` and `\$` are escapes, and any other
///   backslash is literal. Quoted values may span lines. Only a comment may follow the closing quote.
/// - An unquoted value extends to the end of the line or to a `#` after a blank, and is trimmed. Quotes inside the value and `$`
///   are literal, and references to variables are not replaced.
package enum EnvironmentFile {
    /// An error in a file. It never contains text of the file, which may be a secret value.
    package struct Problem: Error, Hashable, Sendable {
        /// The line number, from 1.
        package var line: Int
        /// The column in Unicode scalars, from 1.
        package var column: Int
        /// The rule that the file violates.
        package var rule: String

        /// The error in the form of compiler messages: `web.env:3:7: …`.
        package func text(in file: String) -> String { "\(file):\(line):\(column): \(rule)" }
    }

    package static func read(_ bytes: [UInt8]) -> Result<[String: String], Problem> {
        var parser = EnvironmentParser()
        do throws(Problem) {
            try parser.decode(bytes)
            return .success(try parser.variables())
        } catch {
            return .failure(error)
        }
    }
}

private struct EnvironmentParser {
    private var scalars: [Unicode.Scalar] = []
    private var index = 0
    private var line = 1
    private var column = 1

    /// Decodes the text of a file, with all line endings converted to LF.
    mutating func decode(_ bytes: [UInt8]) throws(EnvironmentFile.Problem) {
        var decoder = Unicode.UTF8()
        var rest = bytes.makeIterator()
        var place = EnvironmentParser()
        loop: while true {
            switch decoder.decode(&rest) {
            case .scalarValue("\0"): throw place.problem("the character U+0000 is not allowed")
            case .scalarValue(let scalar):
                if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
                scalars.append(scalar)
                place.pass(scalar)
            case .emptyInput: break loop
            case .error: throw place.problem("the file is not valid UTF-8")
            }
        }
        if scalars.first == "\u{FEFF}" { index = 1 }
    }

    mutating func variables() throws(EnvironmentFile.Problem) -> [String: String] {
        var variables: [String: String] = [:]
        while true {
            skipBlanks()
            guard let next else { return variables }
            if next == "\n" {
                advance()
            } else if next == "#" {
                skipLine()
            } else {
                let name = try name()
                variables[name] = try value()
            }
        }
    }

    // MARK: Parts of a line

    private mutating func name() throws(EnvironmentFile.Problem) -> String {
        let start = problem("the line must be NAME=VALUE")
        var name = try word()
        let hasBlanks = skipBlanks()
        if name == "export", hasBlanks, next != "=" {
            name = try word()
            skipBlanks()
        }
        guard next == "=", !name.isEmpty else { throw start }
        advance()
        return name
    }

    /// Reads a name, or whatever is in its place. An invalid character is an error only if an equals sign follows the word, which
    /// shows that it was meant as a name.
    private mutating func word() throws(EnvironmentFile.Problem) -> String {
        var word = ""
        var wrong: EnvironmentFile.Problem?
        while let scalar = next, scalar != "=", scalar != "\n", !Self.isBlank(scalar) {
            let isDigit = ("0"..."9").contains(scalar)
            let isNamed = "_.-".unicodeScalars.contains(scalar) || scalar.properties.isAlphabetic
            if !isNamed && !(isDigit && !word.isEmpty) {
                wrong =
                    wrong ?? problem("a name must consist of letters, digits, _, . and -, and not begin with a digit")
            }
            word.unicodeScalars.append(scalar)
            advance()
        }
        if let wrong, next == "=" { throw wrong }
        return word
    }

    private mutating func value() throws(EnvironmentFile.Problem) -> String {
        let hasBlanks = skipBlanks()
        if next == "'" || next == "\"" { return try quoted() }
        var value = ""
        var isAfterBlank = hasBlanks
        while let scalar = next, scalar != "\n" {
            if scalar == "#", isAfterBlank {
                skipLine()
                break
            }
            isAfterBlank = Self.isBlank(scalar)
            value.unicodeScalars.append(scalar)
            advance()
        }
        while let last = value.unicodeScalars.last, Self.isBlank(last) { value.unicodeScalars.removeLast() }
        return value
    }

    private mutating func quoted() throws(EnvironmentFile.Problem) -> String {
        let start = problem("the quote is not closed")
        let quote = next
        advance()
        var value = ""
        while let scalar = next, scalar != quote {
            advance()
            if quote == "\"", scalar == "\\", let escaped = next, let meant = Self.escapes[escaped] {
                value.unicodeScalars.append(meant)
                advance()
            } else {
                value.unicodeScalars.append(scalar)
            }
        }
        guard next == quote else { throw start }
        advance()
        skipBlanks()
        if next == "#" { skipLine() }
        guard next == nil || next == "\n" else { throw problem("only a comment may follow the closing quote") }
        return value
    }

    private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
        "n": "\n", "r": "\r", "t": "\t", "\"": "\"", "\\": "\\", "$": "$",
    ]

    // MARK: Scalars

    private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func advance() {
        pass(scalars[index])
        index += 1
    }

    private mutating func pass(_ scalar: Unicode.Scalar) {
        if scalar == "\n" {
            line += 1
            column = 1
        } else {
            column += 1
        }
    }

    @discardableResult
    private mutating func skipBlanks() -> Bool {
        let start = index
        while let scalar = next, Self.isBlank(scalar) { advance() }
        return index > start
    }

    private mutating func skipLine() {
        while let scalar = next, scalar != "\n" { advance() }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

    private func problem(_ rule: String) -> EnvironmentFile.Problem {
        EnvironmentFile.Problem(line: line, column: column, rule: rule)
    }
}
