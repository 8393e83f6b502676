import CubeCore
import CubeText
import CubeTypes
import Glibc
import Synchronization
import SystemPackage

/// The capabilities of an output stream, and functions that write to it.
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

    /// The text of a line, with escape sequences for its styles if the stream supports colour.
    func shown(_ line: TextLine) -> String {
        guard hasColour else { return line.text }
        return line.spans.map { span in
            span.style.map { "\u{1B}[\($0.rawValue)m\(span.text)\u{1B}[0m" } ?? span.text
        }.joined()
    }

    /// The maximum width of a line of the result; unlimited if the stream is not a terminal.
    var columns: Int { isInteractive ? Self.size.columns : .max }

    /// The columns and rows of the terminal on standard output; 80 × 24 if unknown.
    static var size: (columns: Int, rows: Int) {
        size(of: STDOUT_FILENO).map { ($0.columns, $0.rows) } ?? (80, 24)
    }

    /// The size of the terminal on a descriptor; `nil` if it is unknown or there is none.
    static func size(of descriptor: Int32) -> TerminalSize? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return TerminalSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// Writes a line of the result.
    ///
    /// - Returns: Whether the stream still has a reader.
    @discardableResult
    static func output(_ line: TextLine) -> Bool { output([line]) }

    /// Writes lines of the result.
    @discardableResult
    static func output(_ lines: [TextLine]) -> Bool {
        write(lines.map { "\(standardOutput.shown($0))\n" }.joined(), to: STDOUT_FILENO)
    }

    /// Writes a result as Markdown.
    @discardableResult
    static func output(_ lines: [MarkdownLine]) -> Bool { write(lines.text, to: STDOUT_FILENO) }

    /// Writes a result as JSON, in which control characters are escaped.
    @discardableResult
    static func output(json: String) -> Bool { write("\(json)\n", to: STDOUT_FILENO) }

    /// Writes text as is. It must not contain text from outside of Cube.
    static func output(verbatim text: String) { write("\(text)\n", to: STDOUT_FILENO) }

    /// Writes a line that is not part of the result to standard error.
    static func note(_ line: TextLine) { write("\(standardError.shown(line))\n", to: STDERR_FILENO) }

    /// Writes all bytes, unless the stream has no reader.
    ///
    /// - Returns: Whether everything was written.
    @discardableResult
    static func write(_ text: String, to descriptor: Int32) -> Bool { write(Array(text.utf8), to: descriptor) }

    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR || errno == EAGAIN { continue }
            guard written > 0 else {
                if written < 0, descriptor == STDOUT_FILENO { keepOutputError(Errno(rawValue: errno)) }
                return false
            }
            rest = rest.dropFirst(written)
        }
        return true
    }

    /// The first error of a write to standard output, other than that it has no reader; `nil` if there was none.
    static var outputError: Errno? {
        let error = firstOutputError.load(ordering: .relaxed)
        return error == 0 ? nil : Errno(rawValue: error)
    }

    private static func keepOutputError(_ error: Errno) {
        guard standardOutput.hasReader(after: error) else { return }
        _ = firstOutputError.compareExchange(expected: 0, desired: error.rawValue, ordering: .relaxed)
    }

    /// Whether the stream still has a reader, although a write to it failed.
    func hasReader(after error: Errno) -> Bool {
        // A terminal that is gone, a closed pipe, a closed socket and a closed descriptor have no reader.
        let isClosed = [.brokenPipe, .connectionReset, .badFileDescriptor].contains(error)
        return !isClosed && !isInteractive
    }

    private static let firstOutputError = Atomic<CInt>(0)
}
