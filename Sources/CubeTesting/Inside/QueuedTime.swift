/// Runs work on one queue, and lets time pass only while no work is left, so that no deadline passes during work that
/// takes long on a slow machine.
package struct QueuedTime: Sendable {
    package let clock: ManualClock
    private let work: WorkQueue
    private let tasks: QueuedTasks

    package init(clock: ManualClock) {
        self.clock = clock
        work = WorkQueue()
        tasks = QueuedTasks(work)
    }

    /// Returns an executor on the queue for an actor that has an executor of its own.
    package func executor() -> any SerialExecutor { QueuedActor(work) }

    /// Runs an operation, its child tasks and the actors without an executor of their own on the queue.
    package func run<Value: Sendable>(_ operation: () async throws -> Value) async throws -> Value {
        try await withTaskExecutorPreference(tasks) { try await operation() }
    }

    /// Lets time pass, from deadline to deadline, until a condition holds.
    ///
    /// - Throws: the error of the condition; `CancellationError` if the test was cancelled, as its time limit does.
    package func pass(until condition: () async throws -> Bool) async throws {
        while try await !condition() {
            try Task.checkCancellation()
            await whenIdle {
                if let next = clock.nextDeadline { clock.advance(to: next) }
            }
        }
    }

    /// Lets a span of time pass, from deadline to deadline.
    package func pass(_ span: Duration) async {
        let end = clock.now.advanced(by: span)
        while clock.now < end {
            await whenIdle { clock.advance(to: min(clock.nextDeadline ?? end, end)) }
        }
        await whenIdle {}
    }

    private func whenIdle(_ action: () -> Void) async {
        await work.take(for: .passing)
        action()
        work.release()
    }
}
