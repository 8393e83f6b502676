import CubeCore
package import CubeTypes

/// The tasks in a worker's directory and their output, for who looks while no worker is at work there. It changes nothing.
package struct StoredTasks: Sendable {
    private let store: WorkerStore

    package init(directory: String) { store = WorkerStore(directory: directory) }

    /// One task, as it was assigned.
    package struct Task: Sendable {
        package let assignment: TaskAssignment
        /// Whether the worker saw its end.
        package let hasEnded: Bool
    }

    /// By id.
    package func tasks() throws -> [Task] {
        try LocalFiles.names(in: "\(store.directory)/tasks").compactMap(TaskID.init(rawValue:)).sorted().compactMap {
            guard case .placement(let placement)? = try store.record(of: $0) else { return nil }
            return Task(assignment: placement.assignment, hasEnded: placement.endedAt != nil)
        }
    }

    /// The output of a task: its last `tail` lines or all, then, if `follow`, what it writes until nobody reads on.
    package func logs(
        _ id: TaskID, tail: Int?, follow: Bool
    ) -> any AsyncSequence<[UInt8], any Error> & Sendable {
        TaskOutput(
            log: TaskLog(directory: store.logs(of: id)), tail: tail, follow: follow, clock: ContinuousClock(),
            hasEnded: { !follow })
    }
}
