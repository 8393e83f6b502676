import CubeCore
import CubeText
import Glibc

/// What may be written to a stream: colour only where a person looks at it.
struct Terminal: Sendable {
    /// Whether the stream is a terminal.
    let isInteractive: Bool
    let hasColour: Bool

    static let standardOutput = Terminal(descriptor: STDOUT_FILENO)
    static let standardError = Terminal(descriptor: STDERR_FILENO)

    init(isInteractive: Bool, hasColour: Bool) {
        self.isInteractive = isInteractive
        self.hasColour = hasColour
    }

    init(descriptor: Int32) {
        isInteractive = isatty(descriptor) == 1 && Environment.value("TERM") != "dumb"
        hasColour = isInteractive && Environment.value("NO_COLOR") == nil
    }

    typealias Style = TextLine.Style

    /// A line as the stream shows it: with the escape sequences of its styles where it has colour.
    func shown(_ line: TextLine) -> String {
        guard hasColour else { return line.text }
        return line.spans.map { span in
            span.style.map { "\u{1B}[\($0.rawValue)m\(span.text)\u{1B}[0m" } ?? span.text
        }.joined()
    }

    /// How many columns a line of the result may have: any number where no terminal shows it.
    var columns: Int { isInteractive ? Self.size.columns : .max }

    /// Columns and rows of the terminal on standard output; 80 × 24 where it does not say.
    static var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Writes a line of the result.
    ///
    /// - Returns: whether somebody still reads.
    @discardableResult
    static func output(_ line: TextLine) -> Bool { output([line]) }

    /// Writes lines of the result.
    @discardableResult
    static func output(_ lines: [TextLine]) -> Bool {
        write(lines.map { "\(standardOutput.shown($0))\n" }.joined(), to: STDOUT_FILENO)
    }

    /// Writes a result that is Markdown.
    @discardableResult
    static func output(_ lines: [MarkdownLine]) -> Bool { write(lines.text, to: STDOUT_FILENO) }

    /// Writes a result that is JSON, and with it harmless.
    @discardableResult
    static func output(json: String) -> Bool { write("\(json)\n", to: STDOUT_FILENO) }

    /// Writes a text of our own that nothing foreign is part of, such as help.
    static func output(verbatim text: String) { write("\(text)\n", to: STDOUT_FILENO) }

    /// Writes a line that is not part of the result.
    static func note(_ line: TextLine) { write("\(standardError.shown(line))\n", to: STDERR_FILENO) }

    /// Writes all bytes; gives up where nobody reads any more.
    ///
    /// - Returns: whether all is written.
    @discardableResult
    static func write(_ text: String, to descriptor: Int32) -> Bool { write(Array(text.utf8), to: descriptor) }

    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR || errno == EAGAIN { continue }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }
}
