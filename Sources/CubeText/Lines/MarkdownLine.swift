import CubeJSON

/// A line of Markdown. Only the literal parts are interpreted as Markdown; interpolated values are always plain text.
///
/// A value is shown as words or, with `code:`, as code. In both forms, it cannot end a table cell, a code block or a
/// link, and it cannot cause notifications on a forge: text that could be a mention, a reference or a link is shown as
/// code.
package struct MarkdownLine: Hashable, Sendable {
    package private(set) var text = ""

    /// The text of a line, as words.
    package init(_ line: TextLine) { text = line.text.markdownWords }

    /// A row of a table.
    package static func row(_ cells: [MarkdownLine]) -> MarkdownLine {
        var row: MarkdownLine = "|"
        for cell in cells { row.text += " \(cell.text) |" }
        return row
    }

    /// The separator line below the headings of a table.
    package static func rule(columns: Int) -> MarkdownLine {
        var rule: MarkdownLine = "|"
        rule.text += String(repeating: "---|", count: columns)
        return rule
    }

    /// A code block with unchanged lines. The fences are longer than any fence in the lines.
    package static func fenced(_ lines: [TextLine]) -> [MarkdownLine] {
        var fence: MarkdownLine = ""
        fence.text = String(repeating: "`", count: max(3, 1 + (lines.map { $0.text.longestRun(of: "`") }.max() ?? 0)))
        return [fence]
            + lines.map { line in
                var verbatim: MarkdownLine = ""
                verbatim.text = line.text
                return verbatim
            } + [fence]
    }
}

extension MarkdownLine: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) { text = value }

    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) {}

        package mutating func appendLiteral(_ literal: String) { text += literal }

        package mutating func appendInterpolation(_ line: MarkdownLine) { text += line.text }

        package mutating func appendInterpolation<Value>(_ value: Value) {
            text += String(describing: value).markdownWords
        }

        package mutating func appendInterpolation(_ line: TextLine) { text += line.text.markdownWords }

        package mutating func appendInterpolation<Value>(code value: Value) {
            text += String(describing: value).harmless.markdownCode
        }
    }
}

extension [MarkdownLine] {
    /// The lines, each with a line feed.
    package var text: String { map { $0.text + "\n" }.joined() }
}

extension String {
    /// The text as words, without Markdown syntax. A word that a forge would turn into a mention, a reference or a link
    /// becomes code.
    fileprivate var markdownWords: String {
        // Iterate over scalars, here and below, so that a combining mark cannot hide the character before it.
        harmless.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false)
            .map { String(String.UnicodeScalarView($0)) }
            .map { $0.isReference ? $0.markdownCode : $0.markdownEscaped }
            .joined(separator: " ")
    }

    /// Whether the text contains a mention (`@who`), a reference (`#1`, `!1`, `GH-1`) or a bare link.
    private var isReference: Bool {
        let scalars = unicodeScalars
        if scalars.contains("@") { return true }
        let marks: Set<Unicode.Scalar> = ["#", "!"]
        if zip(scalars, scalars.dropFirst()).contains(where: { marks.contains($0) && ("0"..."9").contains($1) }) {
            return true
        }
        let letters = lowercased()
        return ["://", "www.", "mailto:", "xmpp:"].contains { letters.contains($0) }
            || letters.contains(#/gh-[0-9]/#)
    }

    private var markdownEscaped: String {
        var escaped = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\\", "`", "*", "_", "[", "]", "|", "<", ">", "#", "~", "$": escaped += "\\\(scalar)"
            case "&": escaped += "&amp;"
            // At the beginning of a line, this character would create a list item, or make the line above a heading.
            case "-", "+", "=": escaped += escaped.isEmpty ? "\\\(scalar)" : String(scalar)
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The text as code. The text contains no control characters.
    fileprivate var markdownCode: String {
        guard !isEmpty else { return "\"\"" }
        // A backslash before the bar would escape the bar's own backslash, and the bar would then end the cell.
        let scalars = unicodeScalars
        if zip(scalars, scalars.dropFirst()).contains(where: { $0 == "\\" && $1 == "|" }) { return markdownElement }
        let line = scalars.map { $0 == "|" ? "\\|" : String($0) }.joined()
        guard scalars.contains("`") else { return "`\(line)`" }
        let fence = String(repeating: "`", count: longestRun(of: "`") + 1)
        return "\(fence) \(line) \(fence)"
    }

    /// The text as code with numeric character references, for text that backticks cannot enclose.
    private var markdownElement: String {
        "<code>"
            + unicodeScalars.map {
                $0.isASCII && !$0.properties.isAlphabetic && $0 != " " ? "&#\($0.value);" : String($0)
            }
            .joined() + "</code>"
    }

    fileprivate func longestRun(of mark: Unicode.Scalar) -> Int {
        unicodeScalars.split(whereSeparator: { $0 != mark }).map(\.count).max() ?? 0
    }
}
