import Glibc
import Synchronization

/// The terminal on standard input in raw mode: every key goes to the program that reads it, also Ctrl-C, and the terminal echoes nothing.
///
/// The mode is restored when the process exits, however it does so, unless it is killed.
enum RawTerminal {
    private static let saved = Mutex<termios?>(nil)

    /// Switches to raw mode.
    ///
    /// - Throws: a `Failure` if standard input is not a terminal.
    static func enter() throws {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { throw Failure("standard input is not a terminal") }
        let isFirst = saved.withLock { saved in
            defer { saved = settings }
            return saved == nil
        }
        if isFirst { atexit { RawTerminal.leave() } }
        cfmakeraw(&settings)
        guard tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) == 0 else {
            throw Failure("cannot change the mode of the terminal: \(String(cString: strerror(errno)))")
        }
    }

    /// Restores the mode from before.
    static func leave() {
        saved.withLock { saved in
            guard var settings = saved else { return }
            tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
            saved = nil
        }
    }
}
