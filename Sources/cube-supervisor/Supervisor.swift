import CubeLinux
import Glibc

/// Supervises a run until all of its processes have ended.
struct Supervisor {
    private let directory: Int32
    private let program: Program
    private let signals: Int32
    private let launchOrder: StopOrder
    private let controlGroups: [String]
    private var logs: LogFiles
    private var outcome: Outcome
    private let startedAt = milliseconds(CLOCK_BOOTTIME)
    private var tree: ProcessTree
    private var lease: LeaseWatch
    private var isLeaseOver = false

    init(
        directory: Int32, program: Program, signals: Int32, launch: Launch, logs: LogFiles, outcome: Outcome
    ) {
        self.directory = directory
        self.program = program
        tree = ProcessTree(of: program)
        lease = LeaseWatch(in: directory)
        self.signals = signals
        launchOrder = launch.stop
        controlGroups = launch.controlGroups
        self.logs = logs
        self.outcome = outcome
    }

    mutating func run() {
        var polled = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: program.output, events: Int16(POLLIN), revents: 0),
        ]
        repeat {
            poll(&polled, 2, isLeaseOver ? tree.timeout : lease.limited(tree.timeout))
            if !isLeaseOver, lease.hasEnded() { endAtOnce() }
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
            // The run has got a lease, or has none any more.
            if signal.ssi_signo == UInt32(SIGHUP) { lease.read() }
        }
    }

    /// Kills the program and everything that it started, because its lease has ended.
    private mutating func endAtOnce() {
        isLeaseOver = true
        tree.end(by: SIGKILL, before: 0)
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
        outcome.isLeaseLost = isLeaseOver && signal == SIGKILL
        // A program that succeeds, or is being stopped, did not end for lack of memory.
        outcome.ranOutOfMemory = status != 0 && !tree.isEnding && controlGroups.contains(where: hasRunOutOfMemory)
        outcome.write()
        outcome.synchronize()
    }
}

/// Whether the kernel has killed a process of a control group because memory ran out.
private func hasRunOutOfMemory(_ group: String) -> Bool {
    // The files of versions 2 and 1 have the same line, such as `oom_kill 1`.
    let text = readAll("\(group)/memory.events") ?? readAll("\(group)/memory.oom_control") ?? []
    return text.split(separator: UInt8(ascii: "\n")).contains { line in
        let words = line.split(separator: UInt8(ascii: " "))
        return words.count == 2 && words[0].elementsEqual("oom_kill".utf8) && words[1] != [UInt8(ascii: "0")]
    }
}

func milliseconds(_ clock: clockid_t) -> Int {
    var time = timespec()
    clock_gettime(clock, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}
