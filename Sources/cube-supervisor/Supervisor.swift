import CubeLinux
import Glibc

/// Watches over one run until nothing of it is left.
struct Supervisor {
    private let directory: Int32
    private let program: Program
    private let signals: Int32
    private let launchOrder: StopOrder
    private var logs: LogFiles
    private var outcome: Outcome
    private let startedAt = milliseconds(CLOCK_BOOTTIME)
    private var phase = Phase.running

    private enum Phase {
        case running
        /// The program was asked to end, and may take until the deadline.
        case stopping(signal: Int32, deadline: Int)
        /// The program ended or its time is over: all that is left is killed.
        case sweeping
    }

    init(
        directory: Int32, program: Program, signals: Int32, launchOrder: StopOrder, logs: LogFiles, outcome: Outcome
    ) {
        self.directory = directory
        self.program = program
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
        while true {
            poll(&polled, 2, timeout)
            if polled[1].revents != 0, !copyOutput() { polled[1].fd = -1 }
            if polled[0].revents != 0 { readSignals() }
            if case .stopping(_, let deadline) = phase, milliseconds(CLOCK_BOOTTIME) >= deadline { phase = .sweeping }
            if case .sweeping = phase { Program.killChildren() }
            if !reap() { break }
        }
        _ = copyOutput()
        outcome.swept = true
        outcome.write()
    }

    /// While it sweeps it looks again soon: a child that was handed over to it gives no sign.
    private var timeout: Int32 {
        switch phase {
        case .running: -1
        case .stopping(_, let deadline): Int32(clamping: max(deadline - milliseconds(CLOCK_BOOTTIME), 0))
        case .sweeping: 20
        }
    }

    /// - Returns: whether there may come more.
    private mutating func copyOutput() -> Bool {
        // As much as a pipe holds; a program that writes without end must not keep its signals waiting.
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

    /// Carries out the order that stands in the file `stop`. The worker may repeat it, which sends no second signal and
    /// never gives more time.
    private mutating func stop() {
        let order = StopOrder(in: directory) ?? launchOrder
        var deadline = milliseconds(CLOCK_BOOTTIME) + order.graceMilliseconds
        switch phase {
        case .sweeping: return
        case .stopping(order.signal, let earlier): deadline = min(deadline, earlier)
        case .stopping(_, let earlier):
            deadline = min(deadline, earlier)
            program.signalGroup(order.signal)
        case .running: program.signalGroup(order.signal)
        }
        phase = order.signal == SIGKILL ? .sweeping : .stopping(signal: order.signal, deadline: deadline)
    }

    /// Waits for all children that have ended.
    ///
    /// - Returns: whether any is left.
    private mutating func reap() -> Bool {
        while true {
            var status: Int32 = 0
            let id = waitpid(-1, &status, WNOHANG)
            if id == 0 { return true }
            if id < 0 { return false }
            guard id == program.id else { continue }
            outcome.state = .exited
            outcome.ended = milliseconds(CLOCK_REALTIME)
            outcome.lasted = milliseconds(CLOCK_BOOTTIME) - startedAt
            let signal = status & 0x7f
            if signal == 0 { outcome.code = (status >> 8) & 0xff } else { outcome.signal = signal }
            outcome.write()
            outcome.synchronize()
            phase = .sweeping
        }
    }
}

func milliseconds(_ clock: clockid_t) -> Int {
    var time = timespec()
    clock_gettime(clock, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}
