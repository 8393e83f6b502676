import CubeJSON

/// One line of Markdown, in which only what is written literally means anything: every value that is interpolated is text.
///
/// A value shows as words, or with `code:` as code. In both forms it cannot end a table cell, a code block or a link, and a
/// forge that shows it notifies nobody: what could be a mention, a reference or a link stands as code.
package struct MarkdownLine: Hashable, Sendable {
    package private(set) var text = ""

    /// The words of a line of text.
    package init(_ line: TextLine) { text = line.text.markdownWords }

    /// A row of a table.
    package static func row(_ cells: [MarkdownLine]) -> MarkdownLine {
        var row: MarkdownLine = "|"
        for cell in cells { row.text += " \(cell.text) |" }
        return row
    }

    /// The line below the headings of a table with so many columns.
    package static func rule(columns: Int) -> MarkdownLine {
        var rule: MarkdownLine = "|"
        rule.text += String(repeating: "---|", count: columns)
        return rule
    }

    /// Lines of text as they are, between fences that none of them ends.
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
    /// The lines, each with its end.
    package var text: String { map { $0.text + "\n" }.joined() }
}

extension String {
    /// As words: nothing in it means anything. A word that a forge would make a mention, a reference or a link is code.
    fileprivate var markdownWords: String {
        // By scalars, here and below: a mark that combines with the one before it must not hide it.
        harmless.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false)
            .map { String(String.UnicodeScalarView($0)) }
            .map { $0.isReference ? $0.markdownCode : $0.markdownEscaped }
            .joined(separator: " ")
    }

    /// Whether it contains a mention (`@who`), a reference (`#1`, `!1`, `GH-1`) or a link without brackets.
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
            // At the beginning of a line it would make an item of a list, or a heading of the line above.
            case "-", "+", "=": escaped += escaped.isEmpty ? "\\\(scalar)" : String(scalar)
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// As code. It is harmless already.
    fileprivate var markdownCode: String {
        guard !isEmpty else { return "\"\"" }
        // A backslash before the bar would escape that of the bar, and the bar would end the cell.
        let scalars = unicodeScalars
        if zip(scalars, scalars.dropFirst()).contains(where: { $0 == "\\" && $1 == "|" }) { return markdownElement }
        let line = scalars.map { $0 == "|" ? "\\|" : String($0) }.joined()
        guard scalars.contains("`") else { return "`\(line)`" }
        let fence = String(repeating: "`", count: longestRun(of: "`") + 1)
        return "\(fence) \(line) \(fence)"
    }

    /// As code with each mark by its number, for what code between backticks cannot say.
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
