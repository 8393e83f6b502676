import CubeCore
import CubeText
import Glibc
import Synchronization

/// A picture that fills the terminal and is redrawn in place; lines that are written beside it stay when it is gone.
///
/// It is drawn on the terminal's alternate screen, which has no scrollback: neither a redraw nor a change of the size leaves
/// anything behind. A line that is to stay is written to the usual screen, where it can be scrolled back to, and its like is
/// shown below the picture for a while.
final class LiveScreen: Sendable {
    private struct State {
        var isOpen = false
        var picture: [TextLine] = []
    }

    private let state = Mutex(State())
    private let terminal: Terminal
    private let sink: @Sendable (String) -> Void

    /// - Parameter write: Takes what the terminal is to obey.
    init(
        terminal: Terminal = .standardOutput,
        write: @escaping @Sendable (String) -> Void = { Terminal.write($0, to: STDOUT_FILENO) }
    ) {
        self.terminal = terminal
        sink = write
    }

    /// Shows another picture in the place of the one that is there.
    func show(_ lines: [TextLine]) {
        state.withLock { state in
            let beginning = state.isOpen ? "" : Self.enter
            state.isOpen = true
            state.picture = lines
            sink(beginning + drawing(lines))
        }
    }

    /// Writes a line that stays.
    func write(_ line: TextLine) {
        state.withLock { state in
            let text = "\(terminal.shown(line))\r\n"
            sink(state.isOpen ? Self.leave + text + Self.enter + drawing(state.picture) : text)
        }
    }

    /// Takes the picture away.
    func close() {
        state.withLock { state in
            if state.isOpen { sink(Self.leave) }
            state = State()
        }
    }

    /// The alternate screen, without a cursor and without line breaks of the terminal's own.
    private static let enter = "\u{1B}[?1049h\u{1B}[?7l\u{1B}[?25l"
    private static let leave = "\u{1B}[?25h\u{1B}[?7h\u{1B}[?1049l"

    /// The lines from the top, each to its end, and nothing below them. No step shows an empty screen.
    private func drawing(_ lines: [TextLine]) -> String {
        "\u{1B}[H" + lines.map { "\(terminal.shown($0))\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
    }
}
