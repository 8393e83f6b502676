import CubeLinux
import Glibc

/// Supervises a run until all of its processes have ended.
struct Supervisor {
    private let directory: Int32
    private let program: Program
    private let signals: Int32
    private let launchOrder: StopOrder
    private var logs: LogFiles
    private var outcome: Outcome
    private let startedAt = milliseconds(CLOCK_BOOTTIME)
    private var tree: ProcessTree

    init(
        directory: Int32, program: Program, signals: Int32, launchOrder: StopOrder, logs: LogFiles, outcome: Outcome
    ) {
        self.directory = directory
        self.program = program
        tree = ProcessTree(of: program)
        self.signals = signals
        self.launchOrder = launchOrder
        self.logs = logs
        self.outcome = outcome
    }

    mutating func run() {
        var polled = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: program.output, events: Int16(POLLIN), revents: 0),
        ]
        repeat {
            poll(&polled, 2, tree.timeout)
            if polled[1].revents != 0, !copyOutput() { polled[1].fd = -1 }
            if polled[0].revents != 0 { readSignals() }
            if let status = tree.firstEnd() {
                record(status)
                // If the program ended without a stop, stop its children in the same way.
                if !tree.isEnding { end(by: standingOrder) }
            }
        } while tree.attend()
        _ = copyOutput()
        outcome.swept = true
        outcome.write()
    }

    /// - Returns: Whether there may be more output.
    private mutating func copyOutput() -> Bool {
        // Read at most the capacity of a pipe, so that a program that writes continuously does not delay the handling
        // of signals.
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
            let count = read(program.output, buffer.baseAddress, buffer.count)
            if count > 0 { logs.write(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
        }
    }

    private mutating func readSignals() {
        var signal = signalfd_siginfo()
        while read(signals, &signal, MemoryLayout<signalfd_siginfo>.size) > 0 {
            if signal.ssi_signo == UInt32(SIGTERM) { stop() }
        }
    }

    /// The stop settings that apply without an explicit stop.
    private var standingOrder: StopOrder { StopOrder(file: "policy", in: directory) ?? launchOrder }

    /// Carries out the stop in the file `stop` or, if there is none, a stop with the standing settings. The worker may
    /// repeat it.
    private mutating func stop() {
        let given = StopOrder(file: "stop", in: directory)
        // A program that had already ended was not ended by this signal.
        if outcome.state != .exited { outcome.unasked = given == nil }
        end(by: given ?? standingOrder)
    }

    private mutating func end(by order: StopOrder) {
        tree.end(by: order.signal, before: milliseconds(CLOCK_BOOTTIME) + order.graceMilliseconds)
    }

    private mutating func record(_ status: Int32) {
        outcome.state = .exited
        outcome.ended = milliseconds(CLOCK_REALTIME)
        outcome.lasted = milliseconds(CLOCK_BOOTTIME) - startedAt
        let signal = status & 0x7f
        if signal == 0 { outcome.code = (status >> 8) & 0xff } else { outcome.signal = signal }
        outcome.write()
        outcome.synchronize()
    }
}

func milliseconds(_ clock: clockid_t) -> Int {
    var time = timespec()
    clock_gettime(clock, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}
