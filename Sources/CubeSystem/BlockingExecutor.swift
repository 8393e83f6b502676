import Dispatch

/// Runs an actor whose work blocks, such as reading files, on a queue of its own. On the few threads that all tasks share, a slow
/// disk would delay unrelated tasks.
package final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    package init(_ label: String) { queue = DispatchQueue(label: label) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
