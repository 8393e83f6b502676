import CubeCore
import CubeText
import Synchronization
import Testing

@testable import cube

/// What the live view writes to its terminal.
@Suite struct LiveScreenTests {
    private final class Written: Sendable {
        private let text = Mutex("")

        func add(_ more: String) { text.withLock { $0 += more } }

        /// What was written since it was asked last.
        func take() -> String {
            text.withLock { text in
                defer { text = "" }
                return text
            }
        }
    }

    private static let enter = "\u{1B}[?1049h\u{1B}[?7l\u{1B}[?25l"
    private static let leave = "\u{1B}[?25h\u{1B}[?7h\u{1B}[?1049l"
    private let written = Written()
    private let screen: LiveScreen

    init() {
        let written = written
        screen = LiveScreen(terminal: Terminal(isInteractive: true, hasColour: false)) { written.add($0) }
    }

    @Test func `pictures are drawn over each other on a screen without scrollback, and leave nothing`() {
        screen.show(["one", "two"])
        #expect(written.take() == Self.enter + "\u{1B}[Hone\u{1B}[K\r\ntwo\u{1B}[K\u{1B}[J")
        // A shorter picture erases what the longer one had.
        screen.show(["three"])
        #expect(written.take() == "\u{1B}[Hthree\u{1B}[K\u{1B}[J")
        screen.close()
        #expect(written.take() == Self.leave)
        screen.close()
        #expect(written.take() == "")
    }

    @Test func `a line that stays is written to the usual screen, and the picture is drawn again`() {
        screen.show(["picture"])
        _ = written.take()
        screen.write("a warning\u{1B}[2J")
        #expect(
            written.take()
                == Self.leave + "a warning\\u{1B}[2J\r\n" + Self.enter + "\u{1B}[Hpicture\u{1B}[K\u{1B}[J")
        screen.close()
        _ = written.take()
        screen.write("afterwards")
        #expect(written.take() == "afterwards\r\n")
    }
}
