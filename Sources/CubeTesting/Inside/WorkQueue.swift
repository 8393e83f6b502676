import Dispatch
import Synchronization

/// Where all that a cluster does is done, one job after the other; it knows when nothing is left to do.
final class WorkQueue: Sendable {
    private struct State {
        var pending = 0
        var total = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let queue = DispatchQueue(label: "cube-testing")
    private let state = Mutex(State())

    /// How many jobs it was ever given.
    var total: Int { state.withLock(\.total) }

    /// Returns when it has nothing to do.
    func idle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.pending > 0 { state.waiting.append(continuation) }
                return state.pending == 0
            }
            if isIdle { continuation.resume() }
        }
    }

    fileprivate func add(_ job: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.pending += 1
            state.total += 1
        }
        queue.async {
            job()
            self.finish()
        }
    }

    /// What a job brings about was added before it ended, so that nothing is left to do only when that is so.
    private func finish() {
        let waiting = state.withLock { state in
            state.pending -= 1
            guard state.pending == 0 else { return [] as [CheckedContinuation<Void, Never>] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Runs tasks on the queue.
final class QueuedTasks: TaskExecutor {
    private let queue: WorkQueue

    init(_ queue: WorkQueue) { self.queue = queue }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.add { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Runs an actor on the queue.
final class QueuedActor: SerialExecutor {
    private let queue: WorkQueue

    init(_ queue: WorkQueue) { self.queue = queue }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.add { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
