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
        /// The program ended or its time is over. Its group was killed; what is left is looked for at that time.
        case sweeping(next: Int)
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
            if !reap() { break }
            switch phase {
            case .stopping(_, let deadline) where milliseconds(CLOCK_BOOTTIME) >= deadline: sweep()
            case .sweeping(let next) where milliseconds(CLOCK_BOOTTIME) >= next:
                Program.killChildren()
                phase = .sweeping(next: milliseconds(CLOCK_BOOTTIME) + Self.sweepInterval)
            default: break
            }
        }
        _ = copyOutput()
        outcome.swept = true
        outcome.write()
    }

    /// A child that was handed over to it gives no sign, so it looks for more from time to time; not at once, as looking
    /// means to read of every process of the machine, and most programs leave nothing outside their group.
    private static let sweepInterval = 20

    private var timeout: Int32 {
        switch phase {
        case .running: -1
        case .stopping(_, let time), .sweeping(let time):
            Int32(clamping: max(time - milliseconds(CLOCK_BOOTTIME), 0))
        }
    }

    /// Kills the program's group, whose leader must not have been waited for, and goes on to what left the group.
    private mutating func sweep() {
        program.signalGroup(SIGKILL)
        phase = .sweeping(next: milliseconds(CLOCK_BOOTTIME) + Self.sweepInterval)
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

    /// Carries out the order that stands in the file `stop`, or the one of `launch` where there is none. The worker may
    /// repeat it, which sends no second signal and never gives more time.
    private mutating func stop() {
        let given = StopOrder(in: directory)
        outcome.unasked = given == nil
        let order = given ?? launchOrder
        var deadline = milliseconds(CLOCK_BOOTTIME) + order.graceMilliseconds
        switch phase {
        case .sweeping: return
        case .stopping(order.signal, let earlier): deadline = min(deadline, earlier)
        case .stopping(_, let earlier):
            deadline = min(deadline, earlier)
            program.signalGroup(order.signal)
        case .running: program.signalGroup(order.signal)
        }
        phase = .stopping(signal: order.signal, deadline: order.signal == SIGKILL ? 0 : deadline)
    }

    /// Waits for all children that have ended.
    ///
    /// - Returns: whether any is left.
    private mutating func reap() -> Bool {
        while true {
            let id = cube_ended_child()
            guard id > 0 else { return id == 0 }
            if id == program.id { sweep() }
            var status: Int32 = 0
            waitpid(id, &status, 0)
            if id == program.id { record(status) }
        }
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
