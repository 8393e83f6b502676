import CubeCore
import CubeErrors
import CubeSystem
package import CubeTypes

/// Read-only access to the tasks in a worker's directory and to their output, while no worker runs there.
package struct StoredTasks: Sendable {
    private let store: WorkerStore
    private let clock: any Clock<Duration>

    /// - Parameter command: writes a command of Cube in a message, as ``WorkerOptions/command`` does.
    package init(
        directory: String, clock: any Clock<Duration> = BootClock.timer,
        command: @escaping @Sendable (_ words: String) -> String = WorkerOptions.plainCommand
    ) {
        store = WorkerStore(directory: directory, command: command)
        self.clock = clock
    }

    /// One task as it was assigned.
    package struct Task: Sendable {
        package let assignment: TaskAssignment
        /// Whether the worker recorded the end of the task.
        package let hasEnded: Bool
    }

    /// Returns all tasks, sorted by ID.
    ///
    /// - Throws: if any record cannot be read.
    package func tasks() throws -> [Task] {
        try outcomes().map { try $0.get() }
    }

    /// Returns the tasks whose records can be read, sorted by ID.
    package func readable() -> [Task] {
        // ``problems()`` reports the errors that are dropped here.
        outcomes().compactMap { try? $0.get() }
    }

    /// Returns one message for each record that cannot be read.
    package func problems() -> [String] {
        outcomes().compactMap { outcome in
            if case .failure(let error) = outcome { (error as? APIError)?.message ?? "\(error)" } else { nil }
        }
    }

    /// Returns which limits of processes the last worker in this directory could not enforce; `nil` if none has found out.
    package func limitObstacles() -> LimitObstacles? {
        // A file that cannot be read is written anew by the next worker.
        try? store.limitObstacles()
    }

    private func outcomes() -> [Result<Task, any Error>] {
        do {
            return try store.tasks().compactMap { id in
                do {
                    guard case .placement(let placement)? = try store.record(of: id) else { return nil }
                    return .success(Task(assignment: placement.assignment, hasEnded: placement.endedAt != nil))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            return [.failure(error)]
        }
    }

    /// Returns the selected output of a task and, if `follow` is set, the output that the task writes until the reader stops.
    package func logs(
        _ id: TaskID, _ selection: LogSelection
    ) -> any AsyncSequence<[UInt8], any Error> & Sendable {
        TaskOutput(
            log: TaskLog(directory: store.logs(of: id)), selection: selection, clock: clock,
            hasEnded: { !selection.follow })
    }
}
