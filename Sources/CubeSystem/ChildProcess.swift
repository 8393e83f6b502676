import CubeLinux
import Glibc
import Synchronization
package import SystemPackage

/// A child process, such as `git`, in a session of its own. It has no terminal to prompt on, and can be killed with all of its
/// descendants. One thread at a time reads and writes its descriptors, and may block; ``kill(_:)`` may be called from any thread.
package final class ChildProcess: Sendable {
    /// The reason for which the process was killed.
    package enum Ending: Hashable, Sendable {
        case deadline(Duration)
        /// The process made no progress for this long.
        case standstill(Duration)
        case cancelled
        /// The process is no longer needed.
        case done
    }

    private struct State {
        var ending: Ending?
        var isReaped = false
        var status: Int32 = 0
        var errors: [UInt8] = []
        var activity = 0
    }

    private let id: pid_t
    /// A socket instead of a pipe: writing to a pipe without a reader would raise SIGPIPE in this process.
    private let input: CInt
    private let output: CInt
    private let errors: CInt
    private let end: CInt
    private let endsDescendants: Bool
    private let state = Mutex(State())

    /// The maximum number of bytes of standard error that are kept. If there are more, the last bytes are kept.
    private static let errorLimit = 16 << 10

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: The program, which is looked up in this process's `PATH`.
    ///   - endsDescendants: Whether what the program leaves running is killed when the program ends by itself. A program that
    ///     starts a daemon must keep it: it may end before the daemon has a session of its own.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String], endsDescendants: Bool = true
    ) throws(Errno) {
        self.endsDescendants = endsDescendants
        var (inputs, outputs, errorEnds): ([CInt], [CInt], [CInt]) = ([-1, -1], [-1, -1], [-1, -1])
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &inputs) == 0,
            cube_pipe(&outputs, 0) == 0, cube_pipe(&errorEnds, 0) == 0
        else {
            let problem = Errno(rawValue: errno)
            for descriptor in inputs + outputs + errorEnds where descriptor >= 0 { close(descriptor) }
            throw problem
        }
        defer { for descriptor in [inputs[1], outputs[1], errorEnds[1]] { close(descriptor) } }
        var spawn = Spawn(program, arguments, environment: environment.map { "\($0)=\($1)" })
        (spawn.isSearched, spawn.isApart) = (true, true)
        (spawn.input, spawn.output) = (.descriptor(inputs[1]), .descriptor(outputs[1]))
        spawn.errors = .descriptor(errorEnds[1])
        do throws(Errno) {
            let id = try spawn.start()
            // A child keeps its process id until it is waited for.
            let end = cube_pidfd_open(id)
            guard end >= 0 else {
                let problem = Errno(rawValue: errno)
                Glibc.kill(-id, SIGKILL)
                waitpid(id, nil, 0)
                throw problem
            }
            (self.id, self.end) = (id, end)
        } catch {
            for descriptor in [inputs[0], outputs[0], errorEnds[0]] { close(descriptor) }
            throw error
        }
        (input, output, errors) = (inputs[0], outputs[0], errorEnds[0])
        for descriptor in [input, output, errors] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        kill(.done)
        reap()
        for descriptor in [input, output, errors, end] { close(descriptor) }
    }

    /// Kills the process and its process group, unless it has ended. If this is called several times, the first reason counts.
    package func kill(_ ending: Ending) {
        state.withLock { state in
            guard !state.isReaped else { return }
            state.ending = state.ending ?? ending
            Glibc.kill(-id, SIGKILL)
        }
    }

    /// A counter that increases whenever the process writes output.
    package var activity: Int { state.withLock(\.activity) }

    /// The reason for which the process was killed; `nil` if it was not killed.
    package var ending: Ending? { state.withLock(\.ending) }

    /// The end of the process's standard error.
    package var errorText: String { String(decoding: state.withLock(\.errors), as: UTF8.self) }

    /// Closes the standard input of the process.
    package func closeInput() { shutdown(input, Int32(SHUT_WR)) }

    /// Writes input and reads output until the caller has enough output or the process has ended.
    ///
    /// - Parameters:
    ///   - isLast: Whether no input follows, so that the process reads the end of its input after the bytes.
    ///   - receive: Called with the output, and returns whether the output is enough.
    /// - Returns: Whether the output was enough. If it was not, the process has ended.
    package func exchange(
        _ bytes: [UInt8] = [], isLast: Bool = false, receive: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        var sent = 0
        if isLast, bytes.isEmpty { closeInput() }
        // A stream at its end is always readable, so stop polling it; after that, only the end of the process matters.
        var streams = [output, errors]
        while true {
            var polled = ([end] + streams).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            if sent < bytes.count { polled.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0)) }
            guard poll(&polled, nfds_t(polled.count), -1) >= 0 || errno == EINTR else { return false }
            let hasEnded = polled[0].revents != 0
            for ended in polled.dropFirst() where ended.revents & Int16(POLLIN | POLLHUP) == Int16(POLLHUP) {
                streams.removeAll { $0 == ended.fd }
            }
            if sent < bytes.count, polled.last?.revents != 0 {
                let count = bytes.withUnsafeBytes {
                    send(input, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
                }
                // A process that stops reading is about to end, which `end` reports.
                sent = count >= 0 ? sent + count : errno == EAGAIN ? sent : bytes.count
                if isLast, sent == bytes.count { closeInput() }
            }
            drainErrors()
            if drainOutput(receive) { return true }
            if hasEnded {
                // Kill remaining descendants, and read output that arrived after the last read.
                if endsDescendants { state.withLock { if !$0.isReaped { Glibc.kill(-id, SIGKILL) } } }
                drainErrors()
                let isEnough = drainOutput(receive)
                reap()
                return isEnough
            }
        }
    }

    /// The exit status, or the negative number of the signal that ended the process. Blocks until the process has ended.
    package var status: Int32 {
        reap()
        let status = state.withLock(\.status)
        return status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
    }

    private func reap() {
        state.withLock { state in
            guard !state.isReaped else { return }
            while waitpid(id, &state.status, 0) < 0, errno == EINTR {}
            state.isReaped = true
        }
    }

    private func drainOutput(_ receive: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { buffer in
            while true {
                let count = read(output, buffer.baseAddress, buffer.count)
                guard count > 0 else { return false }
                state.withLock { $0.activity += 1 }
                if receive(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { return true }
            }
        }
    }

    private func drainErrors() {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(errors, &chunk, chunk.count)
            guard count > 0 else { return }
            state.withLock { state in
                state.activity += 1
                state.errors = (state.errors + chunk[..<count]).suffix(Self.errorLimit)
            }
        }
    }
}
