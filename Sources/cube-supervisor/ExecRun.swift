import CubeLinux
import Glibc

/// Runs a command beside the program of a task, and passes its input and output on through a socket to the worker.
///
/// Both directions consist of frames with a header of 8 bytes: a number, three zeros, and the length of the payload in big-endian
/// order. Nothing is read from the command while the worker does not take its output, and nothing from the worker while the command
/// does not read its input.
struct ExecRun {
    private let program: Program
    private let launch: Launch
    private let connection: Int32
    private let signals = openSignals()
    private var tree: ProcessTree
    /// The lease of the task, with which the command ends too.
    private var lease: LeaseWatch
    private var isLeaseOver = false
    private var code = 0
    /// Whether the worker is connected.
    private var isWatched = true
    /// The output streams that are open.
    private var outputs: [(descriptor: Int32, frame: UInt8)]
    /// Output, in frames, that the worker has not taken yet.
    private var outgoing: [UInt8] = []
    /// What arrived from the worker and is not a whole frame yet.
    private var incoming: [UInt8] = []
    /// Input that the command has not read yet.
    private var input: [UInt8] = []
    /// Whether the input ends after ``input``.
    private var isInputOver = false
    /// The descriptor for input; -1 once it is closed.
    private var inputEnd: Int32

    /// The frames, which `ExecFrame` in the worker documents.
    private enum Frame {
        static let (input, endOfInput, size): (UInt8, UInt8, UInt8) = (0, 4, 5)
        static let (output, errors, end): (UInt8, UInt8, UInt8) = (1, 2, 3)
    }

    /// The time that processes have to end after SIGHUP.
    private static let grace = 2000
    private static let chunk = 32 << 10

    /// Runs a command to its end, and reports how it ended.
    static func run(_ launch: Launch, connection: Int32) {
        _ = fcntl(connection, F_SETFL, O_NONBLOCK)
        do throws(Program.StartFailure) {
            var run = ExecRun(try Program.startCommand(launch), launch, connection)
            run.run()
        } catch {
            let code = error.step == .execute && error.error == ENOENT ? 127 : 126
            var report = ExecRun.frame(Frame.end, Array("\(code) \(error.text(of: launch))".utf8))
            // The socket has room for its first bytes.
            _ = send(&report, to: connection)
        }
        drain(connection)
    }

    /// Waits until the worker has closed the connection. If it were closed here with input unread, the worker would get an error
    /// instead of the last frames.
    private static func drain(_ connection: Int32) {
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        while true {
            var polled = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
            poll(&polled, 1, -1)
            let count = read(connection, &buffer, buffer.count)
            if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { return }
        }
    }

    private init(_ program: Program, _ launch: Launch, _ connection: Int32) {
        self.program = program
        self.launch = launch
        self.connection = connection
        tree = ProcessTree(of: program)
        lease = LeaseWatch(in: launch.run)
        outputs = [(program.output, Frame.output)]
        if program.errors >= 0 { outputs.append((program.errors, Frame.errors)) }
        inputEnd = program.input
    }

    private mutating func run() {
        var isRunning = true
        repeat {
            wait(isRunning: isRunning)
            readConnection()
            writeInput()
            readOutputs(isLast: false)
            if isWatched, !Self.send(&outgoing, to: connection) { hangUp() }
            if let status = tree.firstEnd() {
                let signal = status & 0x7f
                code = Int(signal == 0 ? (status >> 8) & 0xff : 128 + signal)
                end()
            }
            if isRunning, !tree.attend() { isRunning = false }
            if !isRunning { readOutputs(isLast: true) }
        } while isRunning || isWatched && !(outgoing.isEmpty && outputs.isEmpty)
        outgoing += Self.frame(Frame.end, Array("\(code)".utf8))
        while isWatched, !outgoing.isEmpty {
            wait(isRunning: false)
            readConnection()
            if !Self.send(&outgoing, to: connection) { hangUp() }
        }
    }

    /// Waits until there is something to do.
    private mutating func wait(isRunning: Bool) {
        var polled = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
        if isWatched {
            let events = (input.isEmpty ? POLLIN : 0) | (outgoing.isEmpty ? 0 : POLLOUT)
            polled.append(pollfd(fd: connection, events: Int16(events), revents: 0))
        }
        if inputEnd >= 0, !input.isEmpty { polled.append(pollfd(fd: inputEnd, events: Int16(POLLOUT), revents: 0)) }
        if outgoing.isEmpty {
            polled += outputs.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        }
        let timeout = isRunning ? tree.timeout : outgoing.isEmpty ? 0 : -1
        poll(&polled, nfds_t(polled.count), isRunning && !isLeaseOver ? lease.limited(timeout) : timeout)
        if isRunning, !isLeaseOver, lease.hasEnded() {
            isLeaseOver = true
            tree.end(by: SIGKILL, before: 0)
        }
        // The worker has closed the connection, also if its last bytes are not read yet.
        if isWatched, polled[1].revents & Int16(POLLHUP | POLLERR) != 0 { hangUp() }
        var signal = signalfd_siginfo()
        while read(signals, &signal, MemoryLayout<signalfd_siginfo>.size) > 0 {
            if signal.ssi_signo == UInt32(SIGTERM) { end() }
        }
    }

    /// Ends the command and everything that it started.
    private mutating func end() { tree.end(by: SIGHUP, before: milliseconds(CLOCK_BOOTTIME) + Self.grace) }

    /// Ends the command because nobody watches it any more.
    private mutating func hangUp() {
        isWatched = false
        outgoing = []
        end()
    }

    // MARK: Input

    private mutating func readConnection() {
        // Without this limit, a command that reads nothing would make the input grow.
        guard isWatched, input.isEmpty else { return }
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        let count = read(connection, &buffer, buffer.count)
        if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { return hangUp() }
        guard count > 0 else { return }
        incoming += buffer[..<count]
        while incoming.count >= 8 {
            let length = incoming[4..<8].reduce(0) { $0 << 8 | Int($1) }
            guard incoming.count >= 8 + length else { break }
            take(incoming[0], Array(incoming[8..<8 + length]))
            incoming.removeFirst(8 + length)
        }
    }

    private mutating func take(_ frame: UInt8, _ payload: [UInt8]) {
        switch frame {
        case Frame.input: input += payload
        case Frame.endOfInput:
            // A terminal has no end; this character (Ctrl-D) makes it report one. It may be sent again.
            if launch.hasTerminal { input.append(4) } else { isInputOver = true }
        case Frame.size:
            let numbers = String(decoding: payload, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
            if launch.hasTerminal, numbers.count == 2 {
                winsize(columns: numbers[0], rows: numbers[1]).apply(to: program.output)
            }
        default: break
        }
    }

    private mutating func writeInput() {
        while inputEnd >= 0, !input.isEmpty {
            let count = write(inputEnd, input, input.count)
            if count > 0 {
                input.removeFirst(count)
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                closeInput()
            }
        }
        if inputEnd < 0 { input = [] }
        if isInputOver { closeInput() }
    }

    private mutating func closeInput() {
        if inputEnd >= 0, !launch.hasTerminal { close(inputEnd) }
        (inputEnd, input) = (-1, [])
    }

    // MARK: Output

    /// - Parameter isLast: whether no process is left that could write more.
    private mutating func readOutputs(isLast: Bool) {
        for (index, stream) in outputs.enumerated().reversed() {
            // Nothing more is read while the worker does not take what was read before.
            guard outgoing.count < Self.chunk || !isWatched else { return }
            var buffer = [UInt8](repeating: 0, count: Self.chunk)
            let count = read(stream.descriptor, &buffer, buffer.count)
            if count > 0 {
                if isWatched { outgoing += Self.frame(stream.frame, Array(buffer[..<count])) }
            } else if count == 0 || isLast || errno != EAGAIN && errno != EINTR {
                // A terminal that no process has open any more reports an error.
                outputs.remove(at: index)
            }
        }
    }

    private static func frame(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length = UInt32(payload.count)
        return [number, 0, 0, 0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + payload
    }

    /// Sends as many bytes as the worker takes now.
    ///
    /// - Returns: Whether the worker is connected.
    private static func send(_ bytes: inout [UInt8], to connection: Int32) -> Bool {
        while !bytes.isEmpty {
            let count = write(connection, bytes, bytes.count)
            if count > 0 {
                bytes.removeFirst(count)
            } else if errno == EAGAIN {
                return true
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
