/// A file of variables in the form that Compose, systemd and the dotenv libraries have in common. The manifest check and the
/// worker read it with this code, so that a file that is valid for one is valid for the other.
///
/// - A line is `NAME=VALUE`, with blanks around either part if one likes, and `export` before the name. Empty lines, and
///   lines that begin with `#`, mean nothing. Lines end with LF or CR LF; a byte-order mark at the beginning is passed over.
/// - A name has letters, digits, `_`, `.` and `-`, and begins with no digit. Of two variables of one name the later counts.
/// - A value in single quotes is taken as it stands. In double quotes `\n`, `\r`, `\t`, `\"`, `\\` and `\$` are escapes, and
///   any other backslash is itself. Both may go over several lines, and only a comment may follow the closing quote.
/// - Any other value goes to the end of the line or to a `#` after a blank, without the blanks around it. Quotes in the midst
///   of it and `$` are themselves: no variable is replaced.
package enum EnvironmentFile {
    /// What is wrong with a file, and where; never with a value, nor with what may be one.
    package struct Problem: Error, Hashable, Sendable {
        /// From 1.
        package var line: Int
        /// From 1, in Unicode scalars.
        package var column: Int
        /// The rest of a sentence about the place.
        package var rule: String

        /// As compilers tell it: `web.env:3:7: …`.
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

    /// Takes the text of a file, its lines ended by LF alone.
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
            case .error: throw place.problem("the file is not text in UTF-8 from here on")
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

    /// A name, or what stands in its place. A wrong character is told where an equals sign shows that a name was meant.
    private mutating func word() throws(EnvironmentFile.Problem) -> String {
        var word = ""
        var wrong: EnvironmentFile.Problem?
        while let scalar = next, scalar != "=", scalar != "\n", !Self.isBlank(scalar) {
            let isDigit = ("0"..."9").contains(scalar)
            let isNamed = "_.-".unicodeScalars.contains(scalar) || scalar.properties.isAlphabetic
            if !isNamed && !(isDigit && !word.isEmpty) {
                wrong = wrong ?? problem("a name has letters, digits, _, . and -, and begins with no digit")
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
