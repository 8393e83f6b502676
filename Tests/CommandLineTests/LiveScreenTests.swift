import CubeCore
import CubeText
import Synchronization
import Testing

@testable import cube

/// Tests what the live view writes to its terminal.
@Suite struct LiveScreenTests {
    private final class Written: Sendable {
        private let text = Mutex("")

        func add(_ more: String) { text.withLock { $0 += more } }

        /// Returns the text that was written since the last call.
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

    @Test func `pictures are redrawn in place on the alternate screen and leave no trace`() {
        screen.show(["one", "two"])
        #expect(written.take() == Self.enter + "\u{1B}[Hone\u{1B}[K\r\ntwo\u{1B}[K\u{1B}[J")
        // A shorter picture erases the rest of a longer one.
        screen.show(["three"])
        #expect(written.take() == "\u{1B}[Hthree\u{1B}[K\u{1B}[J")
        screen.close()
        #expect(written.take() == Self.leave)
        screen.close()
        #expect(written.take() == "")
    }

    @Test func `a permanent line is written to the normal screen, and the picture is redrawn`() {
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
