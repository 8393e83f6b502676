import Dispatch
import Synchronization

/// Where all that a cluster and its test do is done, one job after the other. It knows when nothing is left to do.
final class WorkQueue: Sendable {
    /// Why somebody waits until nothing is left to do. The first goes first.
    enum Purpose: Int {
        /// To go on with the test.
        case settling
        /// To let time pass.
        case passing
    }

    private struct State {
        /// Jobs that are to run or run, and what is done outside of the queue on its behalf.
        var pending = 0
        var total = 0
        var waiting: [(purpose: Purpose, turn: CheckedContinuation<Void, Never>)] = []
        /// Whether somebody has the turn: nobody else gets it meanwhile, though nothing is left to do.
        var isTaken = false
        /// Who has the turn, and waits again until nothing is left to do.
        var holder: CheckedContinuation<Void, Never>?
    }

    private let queue = DispatchQueue(label: "cube-testing")
    private let state = Mutex(State())

    /// How many jobs it was ever given.
    var total: Int { state.withLock(\.total) }

    // MARK: Waiting

    /// Waits until nothing is left to do, and takes the turn: whoever waits for the same goes on only after ``release()``.
    func take(for purpose: Purpose) async {
        await withCheckedContinuation { continuation in
            resume {
                let index = $0.waiting.firstIndex { $0.purpose.rawValue > purpose.rawValue } ?? $0.waiting.endIndex
                $0.waiting.insert((purpose, continuation), at: index)
            }
        }
    }

    /// Waits, with the turn, until nothing is left to do.
    func idle() async {
        await withCheckedContinuation { continuation in resume { $0.holder = continuation } }
    }

    /// Gives up the turn. What is done next on the queue is done before anybody has it.
    func release() { resume { $0.isTaken = false } }

    // MARK: Work

    /// Something is done outside of the queue that counts as a job until ``leave()``.
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
            // What the job brought about was added before it ended, so that nothing is left to do only when that is so.
            self.leave()
        }
    }

    /// Changes the state, and has go on who then may.
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
