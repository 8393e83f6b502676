import Dispatch
import Synchronization

/// The serial queue for all work of a cluster and its test. It knows when no work is left.
final class WorkQueue: Sendable {
    /// The purpose for which a caller waits until no work is left. Waiters of the first purpose have priority.
    enum Purpose: Int {
        /// To continue the test.
        case settling
        /// To let time pass.
        case passing
    }

    private struct State {
        /// The number of scheduled and running jobs, including work outside the queue that counts as a job.
        var pending = 0
        var total = 0
        var waiting: [(purpose: Purpose, turn: CheckedContinuation<Void, Never>)] = []
        /// Whether a waiter has the turn. Then no other waiter gets it, even if no work is left.
        var isTaken = false
        /// The waiter that has the turn and waits again until no work is left.
        var holder: CheckedContinuation<Void, Never>?
    }

    private let queue = DispatchQueue(label: "cube-testing")
    private let state = Mutex(State())

    /// The number of jobs so far.
    var total: Int { state.withLock(\.total) }

    // MARK: Waiting

    /// Waits until no work is left, and takes the turn. Other waiters continue only after ``release()``.
    func take(for purpose: Purpose) async {
        await withCheckedContinuation { continuation in
            resume {
                let index = $0.waiting.firstIndex { $0.purpose.rawValue > purpose.rawValue } ?? $0.waiting.endIndex
                $0.waiting.insert((purpose, continuation), at: index)
            }
        }
    }

    /// Waits until no work is left, while holding the turn.
    func idle() async {
        await withCheckedContinuation { continuation in resume { $0.holder = continuation } }
    }

    /// Releases the turn. Jobs that are added next run before another waiter takes it.
    func release() { resume { $0.isTaken = false } }

    // MARK: Work

    /// Counts work outside the queue as a job until ``leave()``.
    func enter() {
        resume { state in
            state.pending += 1
            state.total += 1
        }
    }

    func leave() { resume { $0.pending -= 1 } }

    fileprivate func add(_ job: @escaping @Sendable () -> Void) {
        enter()
        queue.async {
            job()
            // The job added its follow-up jobs before it ended, so the count reaches zero only when no work is left.
            self.leave()
        }
    }

    /// Changes the state, and resumes the waiter that may then continue.
    private func resume(after change: (inout State) -> Void) {
        let next = state.withLock { state in
            change(&state)
            return Self.next(&state)
        }
        next?.resume()
    }

    private static func next(_ state: inout State) -> CheckedContinuation<Void, Never>? {
        guard state.pending == 0 else { return nil }
        if state.isTaken {
            defer { state.holder = nil }
            return state.holder
        }
        guard !state.waiting.isEmpty else { return nil }
        state.isTaken = true
        return state.waiting.removeFirst().turn
    }
}

/// An executor that runs Swift tasks on the queue.
final class QueuedTasks: TaskExecutor {
    private let queue: WorkQueue

    init(_ queue: WorkQueue) { self.queue = queue }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.add { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// An executor that runs an actor on the queue.
final class QueuedActor: SerialExecutor {
    private let queue: WorkQueue

    init(_ queue: WorkQueue) { self.queue = queue }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.add { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
