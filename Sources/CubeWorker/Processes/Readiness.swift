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
    /// A descriptor that epoll watches, and those who wait for it.
    private struct Watch {
        let descriptor: Int32
        var waiters: [(number: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
    }

    private struct State {
        private var last: UInt64 = 0
        var watches: [UInt64: Watch] = [:]
        /// The watches by their descriptors. An event names the watch, as the number of a descriptor is used again.
        var ofDescriptors: [Int32: UInt64] = [:]

        mutating func number() -> UInt64 {
            last += 1
            return last
        }
    }

    static let shared = Readiness()

    private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    private let state = Mutex(State())

    private init() {
        DispatchQueue(label: "cube.readiness").async { self.run() }
    }

    /// Waits until a descriptor becomes readable. The caller keeps it open until then.
    ///
    /// - Throws: `CancellationError`, or an `Errno` if epoll does not support the descriptor.
    func wait(for descriptor: Int32) async throws {
        let number = state.withLock { $0.number() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let failure = state.withLock { state -> (any Error)? in
                    if Task.isCancelled { return CancellationError() }
                    if let watch = state.ofDescriptors[descriptor] {
                        state.watches[watch]?.waiters.append((number, continuation))
                        return nil
                    }
                    let watch = state.number()
                    var event = epoll_event(
                        events: EPOLLIN.rawValue | EPOLLONESHOT.rawValue,
                        data: epoll_data_t(u64: watch))
                    guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
                        return Errno(rawValue: errno)
                    }
                    state.watches[watch] = Watch(descriptor: descriptor, waiters: [(number, continuation)])
                    state.ofDescriptors[descriptor] = watch
                    return nil
                }
                if let failure { continuation.resume(throwing: failure) }
            }
        } onCancel: {
            leave(descriptor, number)
        }
    }

    /// The number of those who wait for a descriptor.
    func waits(for descriptor: Int32) -> Int {
        state.withLock { state in state.ofDescriptors[descriptor].flatMap { state.watches[$0]?.waiters.count } ?? 0 }
    }

    /// Ends the wait of one caller, if it still waits.
    private func leave(_ descriptor: Int32, _ number: UInt64) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard let watch = state.ofDescriptors[descriptor],
                let index = state.watches[watch]?.waiters.firstIndex(where: { $0.number == number })
            else { return nil }
            let waiter = state.watches[watch]?.waiters.remove(at: index)
            if state.watches[watch]?.waiters.isEmpty == true { end(watch, &state) }
            return waiter?.continuation
        }
        waiter?.resume(throwing: CancellationError())
    }

    /// Ends the waits for a descriptor that became readable.
    private func finish(_ watch: UInt64) {
        for waiter in state.withLock({ end(watch, &$0) }) { waiter.continuation.resume() }
    }

    /// - Returns: those who wait.
    @discardableResult
    private func end(
        _ number: UInt64, _ state: inout State
    ) -> [(number: UInt64, continuation: CheckedContinuation<Void, any Error>)] {
        guard let watch = state.watches.removeValue(forKey: number) else { return [] }
        state.ofDescriptors[watch.descriptor] = nil
        epoll_ctl(epoll, EPOLL_CTL_DEL, watch.descriptor, nil)
        return watch.waiters
    }

    private func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let count = epoll_wait(epoll, &events, Int32(events.count), -1)
            for event in events.prefix(max(0, Int(count))) { finish(event.data.u64) }
        }
    }
}
