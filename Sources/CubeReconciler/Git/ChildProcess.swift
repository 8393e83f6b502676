import CubeLinux
import Glibc
import Synchronization
import SystemPackage

/// A program that was started in a session of its own, so that it has no terminal to ask on, and can be killed with all that it
/// started. Its descriptors are read and written by one thread at a time, which may block; ``kill(_:)`` comes from anywhere.
final class ChildProcess: Sendable {
    /// Why it was killed.
    enum Ending: Hashable, Sendable {
        case deadline(Duration)
        /// For so long it said nothing, while it should have told of its progress.
        case standstill(Duration)
        case cancelled
        /// Nobody needs it any more.
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
    /// A socket, as writing to a pipe that nobody reads any more would end this process.
    private let input: CInt
    private let output: CInt
    private let errors: CInt
    private let end: CInt
    private let state = Mutex(State())

    /// How much is kept of what it says on standard error: the end of it.
    private static let errorLimit = 16 << 10

    /// - Parameter program: looked for in this process's `PATH`.
    init(_ program: String, _ arguments: [String], environment: [String: String]) throws(Errno) {
        var (inputs, outputs, errorEnds): ([CInt], [CInt], [CInt]) = ([-1, -1], [-1, -1], [-1, -1])
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &inputs) == 0,
            cube_pipe(&outputs, 0) == 0, cube_pipe(&errorEnds, 0) == 0
        else {
            let problem = Errno(rawValue: errno)
            for descriptor in inputs + outputs + errorEnds where descriptor >= 0 { close(descriptor) }
            throw problem
        }
        var id = pid_t()
        let failure = Self.spawn(
            &id, [program] + arguments, environment, input: inputs[1], output: outputs[1], errors: errorEnds[1])
        for descriptor in [inputs[1], outputs[1], errorEnds[1]] { close(descriptor) }
        // A child keeps its number until it was waited for.
        let end = failure == 0 ? cube_pidfd_open(id) : -1
        guard failure == 0, end >= 0 else {
            let problem = Errno(rawValue: failure == 0 ? errno : failure)
            for descriptor in [inputs[0], outputs[0], errorEnds[0]] { close(descriptor) }
            if failure == 0 {
                Glibc.kill(-id, SIGKILL)
                waitpid(id, nil, 0)
            }
            throw problem
        }
        (self.id, self.end) = (id, end)
        (input, output, errors) = (inputs[0], outputs[0], errorEnds[0])
        for descriptor in [input, output, errors] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        kill(.done)
        reap()
        for descriptor in [input, output, errors, end] { close(descriptor) }
    }

    /// Kills it and all that it started, unless it has ended. The first reason counts.
    func kill(_ ending: Ending) {
        state.withLock { state in
            guard !state.isReaped else { return }
            state.ending = state.ending ?? ending
            Glibc.kill(-id, SIGKILL)
        }
    }

    /// Grows whenever it writes something.
    var activity: Int { state.withLock(\.activity) }

    /// Why it was killed; `nil` where it was not.
    var ending: Ending? { state.withLock(\.ending) }

    /// What it said on standard error.
    var errorText: String { String(decoding: state.withLock(\.errors), as: UTF8.self) }

    /// Says that nothing more comes on its standard input.
    func closeInput() { shutdown(input, Int32(SHUT_WR)) }

    /// Sends and receives, until there is enough or the program has ended.
    ///
    /// - Parameter receive: takes what it wrote, and says whether that is enough.
    /// - Returns: whether it was enough; otherwise it has ended.
    func exchange(_ bytes: [UInt8] = [], receive: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        var sent = 0
        // The end of a stream would be told again and again: after it, only the end of the program counts.
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
                // Who does not read is at its end, which is seen by itself.
                sent = count >= 0 ? sent + count : errno == EAGAIN ? sent : bytes.count
            }
            drainErrors()
            if drainOutput(receive) { return true }
            if hasEnded {
                // What it started must not hold on, and what it wrote last may have come after the look above.
                state.withLock { if !$0.isReaped { Glibc.kill(-id, SIGKILL) } }
                drainErrors()
                let isEnough = drainOutput(receive)
                reap()
                return isEnough
            }
        }
    }

    /// Its exit status, or minus the signal that ended it. To be asked when it has ended.
    var status: Int32 {
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

    private static func spawn(
        _ id: inout pid_t, _ words: [String], _ environment: [String: String], input: CInt, output: CInt, errors: CInt
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        cube_spawn_close_from(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(cube_spawn_set_session)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let arguments = words.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        return posix_spawnp(&id, words[0], &actions, &attributes, arguments, variables)
    }
}
