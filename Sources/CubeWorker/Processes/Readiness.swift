import CubeLinux
import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// Waits for descriptors to become readable, or their other ends to be closed: any number of them, on one thread.
///
/// Dispatch's own sources are not for this: on Linux their bookkeeping breaks, and the program with it, when many of them
/// come and go at the same time (swift-corelibs-libdispatch, issue 949).
final class Readiness: Sendable {
    private struct State {
        var next: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    }

    static let shared = Readiness()

    private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    private let state = Mutex(State())

    private init() {
        DispatchQueue(label: "cube.readiness").async { self.run() }
    }

    /// Waits for a descriptor.
    ///
    /// - Throws: `CancellationError`; an `Errno` where the descriptor cannot be waited for.
    func wait(for descriptor: Int32) async throws {
        // One of our own: the same may be waited for twice, and closed meanwhile.
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw Errno(rawValue: errno) }
        defer {
            epoll_ctl(epoll, EPOLL_CTL_DEL, copy, nil)
            close(copy)
        }
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let failure = state.withLock { state -> (any Error)? in
                    if Task.isCancelled { return CancellationError() }
                    var event = epoll_event(
                        events: EPOLLIN.rawValue | EPOLLONESHOT.rawValue,
                        data: epoll_data_t(u64: id))
                    guard epoll_ctl(epoll, EPOLL_CTL_ADD, copy, &event) == 0 else { return Errno(rawValue: errno) }
                    state.waiting[id] = continuation
                    return nil
                }
                if let failure { continuation.resume(throwing: failure) }
            }
        } onCancel: {
            finish(id, .failure(CancellationError()))
        }
    }

    private func finish(_ id: UInt64, _ result: Result<Void, any Error>) {
        state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(with: result)
    }

    private func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let count = epoll_wait(epoll, &events, Int32(events.count), -1)
            for event in events.prefix(max(0, Int(count))) { finish(event.data.u64, .success(())) }
        }
    }
}
