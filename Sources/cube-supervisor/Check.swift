import CubeLinux
import Glibc

/// Runs a check until nothing of it is left: at most for its time, and not longer than somebody wants to know.
struct Check {
    private let program: Program
    private let signals = openSignals()
    private let deadline: Int
    private let timeout: Int
    /// The end of what it wrote, for the message.
    private var output: [UInt8] = []
    private var verdict: String?
    /// Whether its group was killed; what is left is looked for from time to time.
    private var isSweeping = false

    private static let sweepInterval = 20
    private static let outputLimit = 200

    /// - Returns: `passed`, or why it did not.
    static func verdict(of launch: Launch) -> String {
        do throws(Program.StartFailure) {
            var check = Check(program: try Program.start(launch), timeout: launch.timeoutMilliseconds ?? 1000)
            return check.run()
        } catch {
            return error.text(of: launch)
        }
    }

    private init(program: Program, timeout: Int) {
        self.program = program
        self.timeout = timeout
        deadline = milliseconds(CLOCK_BOOTTIME) + timeout
    }

    private mutating func run() -> String {
        var polled = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: program.output, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let wait = isSweeping ? Self.sweepInterval : max(deadline - milliseconds(CLOCK_BOOTTIME), 0)
            poll(&polled, 2, Int32(clamping: wait))
            if polled[1].revents != 0, !readOutput() { polled[1].fd = -1 }
            if polled[0].revents != 0, wasToldToEnd() { end("nobody waits for it any more") }
            if !reap() { break }
            if isSweeping {
                Program.killChildren()
            } else if milliseconds(CLOCK_BOOTTIME) >= deadline {
                end("it took longer than \(timeout) ms")
            }
        }
        _ = readOutput()
        guard let verdict, verdict != "passed" else { return verdict ?? "nobody saw how it ended" }
        let lastLine = String(decoding: output, as: UTF8.self).split(separator: "\n").last
        return lastLine.map { "\(verdict): \($0)" } ?? verdict
    }

    /// The leader of the group must not have been waited for.
    private mutating func end(_ reason: String) {
        verdict = verdict ?? reason
        sweep()
    }

    private mutating func sweep() {
        if !isSweeping { program.signalGroup(SIGKILL) }
        isSweeping = true
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
            if id == program.id { verdict = verdict ?? Self.text(status) }
        }
    }

    private static func text(_ status: Int32) -> String {
        let signal = status & 0x7f
        if signal != 0 { return "ended by signal \(signal)" }
        return status == 0 ? "passed" : "exit code \((status >> 8) & 0xff)"
    }

    private func wasToldToEnd() -> Bool {
        var signal = signalfd_siginfo()
        var isTold = false
        while read(signals, &signal, MemoryLayout<signalfd_siginfo>.size) > 0 {
            if signal.ssi_signo == UInt32(SIGTERM) { isTold = true }
        }
        return isTold
    }

    /// - Returns: whether there may come more.
    private mutating func readOutput() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
            let count = read(program.output, buffer.baseAddress, buffer.count)
            if count > 0 {
                output = (output + buffer[..<count]).suffix(Self.outputLimit)
            }
            return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
        }
    }
}
