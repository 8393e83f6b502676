import CubeLinux
import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// Waits until descriptors become readable or their other ends are closed: any number of descriptors on one thread.
///
/// Dispatch sources are unsuitable: on Linux, their bookkeeping breaks and crashes the program when many sources come
/// and go concurrently (swift-corelibs-libdispatch, issue 949).
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

    /// Waits until a descriptor becomes readable.
    ///
    /// - Throws: `CancellationError`, or an `Errno` if epoll does not support the descriptor.
    func wait(for descriptor: Int32) async throws {
        // A duplicate, because the same descriptor may be waited for twice, and may be closed in the meantime.
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
