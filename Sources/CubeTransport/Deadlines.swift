import CubeSystem
import Synchronization

/// The error of an operation that exceeded its deadline.
package struct DeadlineExceeded: Error {
    package init() {}
}

/// The deadlines of all calls in progress. A single task sleeps until the earliest deadline, because a timer for each call would
/// cost more than everything else that a client does for the call.
final class Deadlines: Sendable {
    private struct Call {
        let deadline: Duration
        let cancel: @Sendable () -> Void
    }

    private struct State {
        var last = 0
        var calls: [Int: Call] = [:]
        /// The timer for the earliest deadline; `nil` if no call is in progress.
        var timer: (until: Duration, task: Task<Void, Never>)?
    }

    /// The deadlines of all clients of this process.
    static let ofProcess = Deadlines(clock: BootClock.timer)

    let clock: any Clock<Duration>
    /// Returns the time since this object was created.
    private let now: @Sendable () -> Duration
    private let state = Mutex(State())

    init(clock: any Clock<Duration>) {
        self.clock = clock
        now = Self.stopwatch(of: clock)
    }

    /// Runs an operation and cancels it after a time span.
    ///
    /// - Throws: ``DeadlineExceeded`` after the span; otherwise, the error of `operation`.
    func within<Value: Sendable>(
        _ span: Duration, _ operation: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        let task = Task.immediate(executorPreference: preferredExecutor) { try await operation() }
        let call = begin(until: now() + span) { task.cancel() }
        let result = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
        // A result at the moment of the deadline is discarded too: the operation is cancelled, so the response body would be cut off.
        guard end(call) else { throw DeadlineExceeded() }
        return try result.get()
    }

    // MARK: Implementation

    static func stopwatch(of clock: some Clock<Duration>) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    private func begin(until deadline: Duration, cancel: @Sendable @escaping () -> Void) -> Int {
        state.withLock { state in
            state.last += 1
            state.calls[state.last] = Call(deadline: deadline, cancel: cancel)
            if state.timer.map({ deadline < $0.until }) ?? true { startTimer(until: deadline, &state) }
            return state.last
        }
    }

    /// - Returns: whether the call ended before its deadline.
    private func end(_ call: Int) -> Bool { state.withLock { $0.calls.removeValue(forKey: call) != nil } }

    private func startTimer(until deadline: Duration, _ state: inout State) {
        state.timer?.task.cancel()
        // The timer that all clients of the process share must not depend on the executor of one caller.
        let task = Task(executorPreference: self === Self.ofProcess ? nil : preferredExecutor) { [self] in
            // Cancelled when a timer with an earlier deadline replaces it.
            guard (try? await clock.sleep(for: deadline - now())) != nil else { return }
            endOverdue()
        }
        state.timer = (deadline, task)
    }

    /// Cancels the overdue calls, and starts the timer for the next deadline.
    private func endOverdue() {
        let overdue = state.withLock { state in
            let now = now()
            let overdue = state.calls.filter { $0.value.deadline <= now }
            for call in overdue.keys { state.calls[call] = nil }
            if let next = state.calls.values.map(\.deadline).min() {
                startTimer(until: next, &state)
            } else {
                state.timer?.task.cancel()
                state.timer = nil
            }
            return overdue
        }
        for call in overdue.values { call.cancel() }
    }
}
