import CubeLinux
import Glibc

/// The ends of the streams that a program gets.
struct ProgramEnds {
    /// -1 for `/dev/null`.
    var input: Int32
    var output: Int32
    var errors: Int32
    /// Whether the streams are a terminal, which is to be the terminal of the program's session.
    var isTerminal = false

    /// The open descriptors.
    var descriptors: Set<Int32> { Set([input, output, errors].filter { $0 >= 0 }) }
}

extension Program {
    /// Starts a command beside the program of a task, with separate streams or a terminal.
    static func startCommand(_ launch: Launch) throws(StartFailure) -> Program {
        var report: [Int32] = [-1, -1]
        guard cube_pipe(&report, 0) == 0, cube_become_subreaper() == 0 else {
            throw StartFailure(step: .prepare, error: errno)
        }
        return launch.hasTerminal ? try startInTerminal(launch, report) : try startWithPipes(launch, report)
    }

    private static func startWithPipes(_ launch: Launch, _ report: [Int32]) throws(StartFailure) -> Program {
        var (input, output, errors): ([Int32], [Int32], [Int32]) = ([-1, -1], [-1, -1], [-1, -1])
        guard !launch.isInteractive || cube_pipe(&input, 0) == 0, cube_pipe(&output, 0) == 0, cube_pipe(&errors, 0) == 0
        else { throw StartFailure(step: .prepare, error: errno) }
        for end in [output[1], errors[1]] { give(end, to: launch.user) }
        if launch.isInteractive { give(input[0], to: launch.user) }
        let id = try start(launch, ProgramEnds(input: input[0], output: output[1], errors: errors[1]), report: report)
        for end in [input[1], output[0], errors[0]] where end >= 0 { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        return Program(id: id, output: output[0], errors: errors[0], input: input[1])
    }

    private static func startInTerminal(_ launch: Launch, _ report: [Int32]) throws(StartFailure) -> Program {
        let terminal = cube_open_terminal()
        let peer = terminal >= 0 ? cube_terminal_peer(terminal) : -1
        guard peer >= 0 else { throw StartFailure(step: .terminal, error: errno) }
        give(peer, to: launch.user)
        launch.size.apply(to: terminal)
        let id = try start(
            launch, ProgramEnds(input: peer, output: peer, errors: peer, isTerminal: true), report: report)
        _ = fcntl(terminal, F_SETFL, O_NONBLOCK)
        return Program(id: id, output: terminal, input: launch.isInteractive ? terminal : -1)
    }
}

extension winsize {
    init(columns: Int, rows: Int) {
        self.init()
        ws_col = UInt16(clamping: columns)
        ws_row = UInt16(clamping: rows)
    }

    /// Sets the size of a terminal. The kernel tells its foreground processes.
    func apply(to terminal: Int32) {
        var size = self
        _ = ioctl(terminal, UInt(TIOCSWINSZ), &size)
    }
}
