import CubeLinux
import Glibc

/// Runs a health check until all of its processes have ended. The check ends at its timeout, or when the worker cancels
/// it. Remaining processes then have the grace period of `launch` to end.
struct CheckRun {
    private let program: Program
    private let signals = openSignals()
    private let deadline: Int
    private let timeout: Int
    private let stop: StopOrder
    private var tree: ProcessTree
    /// The end of the check's output, for the message.
    private var output: [UInt8] = []
    /// Whether the check wrote more output than is kept.
    private var isOutputCut = false
    private var verdict: String?

    private static let outputLimit = 200

    /// Runs the check.
    ///
    /// - Returns: `passed`, or the reason why it did not pass.
    static func verdict(of launch: Launch) -> String {
        do throws(Program.StartFailure) {
            var check = CheckRun(try Program.start(launch), launch)
            return check.run()
        } catch {
            return error.text(of: launch)
        }
    }

    private init(_ program: Program, _ launch: Launch) {
        self.program = program
        timeout = launch.timeoutMilliseconds ?? 1000
        stop = launch.stop
        tree = ProcessTree(of: program)
        deadline = milliseconds(CLOCK_BOOTTIME) + timeout
    }

    private mutating func run() -> String {
        var polled = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: program.output, events: Int16(POLLIN), revents: 0),
        ]
        repeat {
            let rest = Int32(clamping: max(deadline - milliseconds(CLOCK_BOOTTIME), 0))
            poll(&polled, 2, tree.isEnding ? tree.timeout : rest)
            if polled[1].revents != 0, !readOutput() { polled[1].fd = -1 }
            if polled[0].revents != 0, wasToldToEnd() { end("the worker cancelled the check") }
            if let status = tree.firstEnd() { end(Self.text(status)) }
            if milliseconds(CLOCK_BOOTTIME) >= deadline { end("timed out after \(timeout) ms") }
        } while tree.attend()
        _ = readOutput()
        guard let verdict, verdict != "passed" else { return verdict ?? "its exit status is unknown" }
        guard let line = output.split(separator: UInt8(ascii: "\n")).last else { return verdict }
        // Also drop the remaining bytes of a character whose beginning was dropped.
        let isCut = line.startIndex == 0 && isOutputCut
        let whole = isCut ? line.drop { $0 & 0xc0 == 0x80 } : line
        return "\(verdict): \(isCut ? "…" : "")\(String(decoding: whole, as: UTF8.self))"
    }

    /// Ends the check. Only the first reason and the first deadline have an effect.
    private mutating func end(_ reason: String) {
        verdict = verdict ?? reason
        tree.end(by: stop.signal, before: milliseconds(CLOCK_BOOTTIME) + stop.graceMilliseconds)
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

    /// - Returns: Whether there may be more output.
    private mutating func readOutput() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
            let count = read(program.output, buffer.baseAddress, buffer.count)
            if count > 0 {
                output += buffer[..<count]
                isOutputCut = isOutputCut || output.count > Self.outputLimit
                output = Array(output.suffix(Self.outputLimit))
            }
            return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
        }
    }
}
