import Foundation
import Glibc

/// A terminal whose keyboard and screen are those of a test.
final class PseudoTerminal {
    /// Requests that Swift does not import: `TIOCSPTLCK` and `TIOCGPTPEER`.
    private static let (lock, peer): (UInt, UInt) = (0x4004_5431, 0x5441)

    private let master: Int32
    /// Kept open, so that the terminal outlives the programs that use it.
    private let slave: Int32
    private let path: String
    private(set) var screen = ""

    init(columns: Int, rows: Int) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var unlocked: Int32 = 0
        _ = ioctl(master, Self.lock, &unlocked)
        slave = ioctl(master, Self.peer, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard slave >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
        path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(slave)")
        resize(columns: columns, rows: rows)
    }

    deinit {
        close(slave)
        close(master)
    }

    /// The prefix of a command that makes this terminal the terminal of the command.
    var prefix: [String] {
        ["env", "TERM=xterm", "setsid", "-w", "sh", "-c", #"exec "$0" "$@" <"# + "\(path) >\(path) 2>&1"]
    }

    /// Changes the size, which sends SIGWINCH to the program in the foreground.
    func resize(columns: Int, rows: Int) {
        var size = winsize()
        (size.ws_col, size.ws_row) = (UInt16(columns), UInt16(rows))
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Presses keys.
    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(master, bytes, bytes.count)
    }

    /// Whether the terminal handles Ctrl-C and echoes what is typed, as it does unless a program changed its mode.
    var isCooked: Bool {
        var settings = termios()
        tcgetattr(slave, &settings)
        return settings.c_lflag & tcflag_t(ISIG | ICANON | ECHO) == tcflag_t(ISIG | ICANON | ECHO)
    }

    /// Whether the screen, with everything that was ever on it, shows a text.
    func shows(_ text: String) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while case let count = read(master, &bytes, bytes.count), count > 0 {
            screen += String(decoding: bytes[..<count], as: UTF8.self)
        }
        return screen.contains(text)
    }
}
