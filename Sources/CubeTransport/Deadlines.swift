import Synchronization

/// A deadline has passed.
package struct Overdue: Error {
    package init() {}
}

/// The deadlines of all calls under way. One task sleeps until the next of them: a timer for each call would cost more than the
/// rest of what a client does for it.
final class Deadlines: Sendable {
    private struct Call {
        let deadline: Duration
        let cancel: @Sendable () -> Void
    }

    private struct State {
        var last = 0
        var calls: [Int: Call] = [:]
        /// Who sleeps, and until when; `nil` where no call is under way.
        var watch: (until: Duration, task: Task<Void, Never>)?
    }

    /// Those of the clients of this process.
    static let ofProcess = Deadlines(clock: ContinuousClock())

    let clock: any Clock<Duration>
    /// The time since the beginning.
    private let now: @Sendable () -> Duration
    private let state = Mutex(State())

    init(clock: any Clock<Duration>) {
        self.clock = clock
        now = Self.stopwatch(of: clock)
    }

    /// Runs `operation` and cancels it when `span` is over.
    ///
    /// - Throws: ``Overdue`` then; otherwise what `operation` throws.
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
        // What comes at the moment of its deadline is cancelled as well: the body of such an answer would break off.
        guard end(call) else { throw Overdue() }
        return try result.get()
    }

    // MARK: Inside

    private static func stopwatch(of clock: some Clock<Duration>) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    private func begin(until deadline: Duration, cancel: @Sendable @escaping () -> Void) -> Int {
        state.withLock { state in
            state.last += 1
            state.calls[state.last] = Call(deadline: deadline, cancel: cancel)
            if state.watch.map({ deadline < $0.until }) ?? true { watch(until: deadline, &state) }
            return state.last
        }
    }

    /// - Returns: whether it ended before its deadline.
    private func end(_ call: Int) -> Bool { state.withLock { $0.calls.removeValue(forKey: call) != nil } }

    private func watch(until deadline: Duration, _ state: inout State) {
        state.watch?.task.cancel()
        // The timer of all clients of a process waits for no caller's executor.
        let task = Task(executorPreference: self === Self.ofProcess ? nil : preferredExecutor) { [self] in
            // Cancelled where another one watches until an earlier deadline.
            guard (try? await clock.sleep(for: deadline - now())) != nil else { return }
            endOverdue()
        }
        state.watch = (deadline, task)
    }

    /// Cancels what is overdue, and sleeps until the next deadline of what is left.
    private func endOverdue() {
        let overdue = state.withLock { state in
            let now = now()
            let overdue = state.calls.filter { $0.value.deadline <= now }
            for call in overdue.keys { state.calls[call] = nil }
            if let next = state.calls.values.map(\.deadline).min() {
                watch(until: next, &state)
            } else {
                state.watch?.task.cancel()
                state.watch = nil
            }
            return overdue
        }
        for call in overdue.values { call.cancel() }
    }
}
