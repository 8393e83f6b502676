import CubeLinux
import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// A process, whatever its number means later.
final class ProcessDescriptor: Sendable {
    let id: pid_t
    private let descriptor: Int32

    /// - Returns: `nil` where there is no such process.
    init?(_ id: pid_t) throws {
        self.id = id
        descriptor = cube_pidfd_open(id)
        if descriptor < 0 {
            if errno == ESRCH || errno == EINVAL { return nil }
            throw Errno(rawValue: errno)
        }
    }

    deinit { close(descriptor) }

    /// A process that has ended is no error.
    func signal(_ signal: Int32) throws {
        guard cube_pidfd_send_signal(descriptor, signal) == 0 || errno == ESRCH else {
            throw Errno(rawValue: errno)
        }
    }

    /// Waits until it has ended. No thread waits with it: the descriptor becomes readable.
    ///
    /// - Throws: `CancellationError`.
    func end() async throws {
        try await Readiness(descriptor).wait()
        // A child of this worker would stay as a zombie; one that an earlier worker started is reaped by init.
        cube_pidfd_reap(descriptor)
    }
}

/// One wait for a descriptor to become readable. It is over only when nothing uses the descriptor any more.
final class Readiness: Sendable {
    private struct State {
        var result: Result<Void, any Error>?
        var continuation: CheckedContinuation<Void, any Error>?
    }

    /// Safe to use from everywhere; Dispatch does not say so.
    private nonisolated(unsafe) let source: any DispatchSourceRead
    private let state = Mutex(State())

    init(_ descriptor: Int32) {
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        source.setEventHandler { self.finish(.success(())) }
        source.setCancelHandler {
            let state = self.state.withLock { $0 }
            state.continuation?.resume(with: state.result ?? .failure(CancellationError()))
        }
    }

    func wait() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.continuation = continuation }
                source.activate()
            }
        } onCancel: {
            finish(.failure(CancellationError()))
        }
    }

    private func finish(_ result: Result<Void, any Error>) {
        state.withLock { if $0.result == nil { $0.result = result } }
        source.cancel()
    }
}
