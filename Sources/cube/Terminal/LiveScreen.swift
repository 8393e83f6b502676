import CubeCore
import CubeText
import Glibc
import Synchronization

/// A picture that fills the terminal and is redrawn in place. Lines that are written through it remain after it is
/// closed.
///
/// The picture is on the terminal's alternate screen, which has no scrollback, so that neither a redraw nor a resize
/// leaves traces. A line that is to remain is written to the normal screen, where the user can scroll back to it; the
/// live view also shows it below the picture for a while.
final class LiveScreen: Sendable {
    private struct State {
        var isOpen = false
        var picture: [TextLine] = []
    }

    private let state = Mutex(State())
    private let terminal: Terminal
    private let sink: @Sendable (String) -> Void

    /// - Parameter write: Writes text, including escape sequences, to the terminal.
    init(
        terminal: Terminal = .standardOutput,
        write: @escaping @Sendable (String) -> Void = { Terminal.write($0, to: STDOUT_FILENO) }
    ) {
        self.terminal = terminal
        sink = write
    }

    /// Replaces the picture.
    func show(_ lines: [TextLine]) {
        state.withLock { state in
            let beginning = state.isOpen ? "" : Self.enter
            state.isOpen = true
            state.picture = lines
            sink(beginning + drawing(lines))
        }
    }

    /// Writes a line that remains after the picture is closed.
    func write(_ line: TextLine) {
        state.withLock { state in
            let text = "\(terminal.shown(line))\r\n"
            sink(state.isOpen ? Self.leave + text + Self.enter + drawing(state.picture) : text)
        }
    }

    /// Removes the picture.
    func close() {
        state.withLock { state in
            if state.isOpen { sink(Self.leave) }
            state = State()
        }
    }

    /// Enters the alternate screen, and disables the cursor and automatic line wrap.
    private static let enter = "\u{1B}[?1049h\u{1B}[?7l\u{1B}[?25l"
    private static let leave = "\u{1B}[?25h\u{1B}[?7h\u{1B}[?1049l"

    /// Draws the lines from the top, and clears the rest of each line and of the screen. No intermediate state is an
    /// empty screen.
    private func drawing(_ lines: [TextLine]) -> String {
        "\u{1B}[H" + lines.map { "\(terminal.shown($0))\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
    }
}
