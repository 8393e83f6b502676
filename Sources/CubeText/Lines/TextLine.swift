import CubeJSON

/// A line of text for a terminal. It can contain foreign text, such as file names, labels, messages and output.
///
/// Every text view consists of lines, so this is the only place where foreign text must be made safe. Every part of a
/// line is sanitised: escape sequences, line breaks and direction marks are shown as Swift escapes. A line is therefore
/// always a single line.
package struct TextLine: Hashable, Sendable {
    /// The style of a span: the parameter of the escape sequence that selects it.
    package enum Style: String, Hashable, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case blue = "34"
        case magenta = "35"
        case cyan = "36"
    }

    /// A part of a line with one style.
    package struct Span: Hashable, Sendable {
        /// The sanitised text.
        package let text: String
        package let style: Style?
    }

    package private(set) var spans: [Span] = []

    package init() {}

    package init(_ text: String, _ style: Style? = nil) { append(text, style) }

    /// Splits text of Cube's own, such as a help page, into lines. Foreign text in it could add lines, but cannot do
    /// more harm.
    package static func lines(of text: String) -> [TextLine] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { TextLine(String($0)) }
    }

    /// The line without styles.
    package var text: String { spans.map(\.text).joined() }

    /// The number of characters.
    package var count: Int { spans.map(\.text.count).reduce(0, +) }

    package var isEmpty: Bool { spans.allSatisfy(\.text.isEmpty) }

    package mutating func append(_ text: String, _ style: Style? = nil) {
        if !text.isEmpty { spans.append(Span(text: text.harmless, style: style)) }
    }

    /// The line in one style. Spans that already have a style keep it.
    package func styled(_ style: Style?) -> TextLine {
        var line = self
        line.spans = spans.map { Span(text: $0.text, style: $0.style ?? style) }
        return line
    }

    /// The line if it fits; otherwise its beginning with an ellipsis.
    package func cut(_ columns: Int) -> TextLine {
        guard count > columns else { return self }
        var line = TextLine()
        var room = max(0, columns - 1)
        for span in spans where room > 0 {
            let part = String(span.text.prefix(room))
            room -= part.count
            line.spans.append(Span(text: part, style: span.style))
        }
        line.append("…", line.spans.last?.style)
        return line
    }

    /// The line wrapped between words into parts of at most `columns` characters. A longer word gets a part of its own.
    ///
    /// - Parameter indentation: The number of spaces at the beginning of each part.
    package func wrapped(_ columns: Int, indentation: Int = 0) -> [TextLine] {
        let margin = String(repeating: " ", count: indentation)
        var parts: [TextLine] = []
        var part = TextLine()
        for word in words {
            if !part.isEmpty, indentation + part.count + word.spaces + word.line.count > columns {
                parts.append(part)
                part = TextLine()
            }
            if !part.isEmpty { part.append(String(repeating: " ", count: word.spaces)) }
            part += word.line
        }
        if !part.isEmpty { parts.append(part) }
        return parts.map { TextLine(margin) + $0 }
    }

    /// The words, each with the number of preceding spaces.
    private var words: [(spaces: Int, line: TextLine)] {
        var words: [(spaces: Int, line: TextLine)] = []
        var spaces = 0
        var isInWord = false
        for span in spans {
            for piece in span.text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == " " }).enumerated() {
                if piece.offset > 0 {
                    spaces += 1
                    isInWord = false
                }
                guard !piece.element.isEmpty else { continue }
                if !isInWord { words.append((spaces, TextLine())) }
                words[words.count - 1].line.spans.append(Span(text: String(piece.element), style: span.style))
                (spaces, isInWord) = (0, true)
            }
        }
        return words
    }

    package static func + (left: TextLine, right: TextLine) -> TextLine {
        var line = left
        line.spans += right.spans
        return line
    }

    package static func += (left: inout TextLine, right: TextLine) { left.spans += right.spans }
}

extension TextLine: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) { self.init(value) }

    package init(stringInterpolation: StringInterpolation) { self = stringInterpolation.line }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var line = TextLine()

        package init(literalCapacity: Int, interpolationCount: Int) {}

        package mutating func appendLiteral(_ literal: String) { line.append(literal) }

        package mutating func appendInterpolation(_ line: TextLine) { self.line += line }

        package mutating func appendInterpolation<Value>(_ value: Value, _ style: Style? = nil) {
            line.append(String(describing: value), style)
        }
    }
}

extension [TextLine] {
    /// The lines without styles, each with a line feed.
    package var text: String { map { $0.text + "\n" }.joined() }

    package func joined(separator: TextLine) -> TextLine {
        enumerated().reduce(into: TextLine()) { line, part in
            if part.offset > 0 { line += separator }
            line += part.element
        }
    }
}
