import Glibc
import Synchronization

/// The lines at the bottom of a terminal that are redrawn in place; what is written above them scrolls.
final class LiveScreen: Sendable {
    /// The lines of the terminal that are its own now.
    private let drawn = Mutex<[String]>([])

    /// Shows another picture in the place of the one that is there.
    func show(_ lines: [String]) { redraw(lines) }

    /// Writes a line that is to stand above the picture for ever.
    func write(above line: String) { redraw(below: line) }

    /// - Parameter lines: the new picture; `nil`: the one that is there.
    private func redraw(_ lines: [String]? = nil, below line: String? = nil) {
        drawn.withLock { drawn in
            // A terminal that became narrower broke the lines that were too long for it.
            let columns = Terminal.size.columns
            let rows = drawn.map { max(1, ($0.visibleCount + columns - 1) / columns) }.reduce(0, +)
            var text = rows == 0 ? "" : "\r\u{1B}[\(rows)A\u{1B}[J"
            if let line { text += "\(line)\n" }
            drawn = lines ?? drawn
            Terminal.write(text + drawn.map { "\($0)\n" }.joined(), to: STDOUT_FILENO)
        }
    }
}
