import CubeCore
import CubeErrors
import CubeSystem
package import CubeTypes

/// The tasks in a worker's directory and their output, for who looks while no worker is at work there. It changes nothing.
package struct StoredTasks: Sendable {
    private let store: WorkerStore
    private let clock: any Clock<Duration>

    package init(directory: String, clock: any Clock<Duration> = BootClock.timer) {
        store = WorkerStore(directory: directory)
        self.clock = clock
    }

    /// One task, as it was assigned.
    package struct Task: Sendable {
        package let assignment: TaskAssignment
        /// Whether the worker saw its end.
        package let hasEnded: Bool
    }

    /// By id.
    package func tasks() throws -> [Task] {
        try outcomes().map { try $0.get() }
    }

    /// Those whose records can be read, by id.
    package func readable() -> [Task] {
        // Why the others cannot, ``problems()`` says.
        outcomes().compactMap { try? $0.get() }
    }

    /// Why records cannot be read, each once.
    package func problems() -> [String] {
        outcomes().compactMap { outcome in
            if case .failure(let error) = outcome { (error as? APIError)?.message ?? "\(error)" } else { nil }
        }
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

    /// The output of a task: what is selected of it, then, if `follow`, what it writes until nobody reads on.
    package func logs(
        _ id: TaskID, _ selection: LogSelection
    ) -> any AsyncSequence<[UInt8], any Error> & Sendable {
        TaskOutput(
            log: TaskLog(directory: store.logs(of: id)), selection: selection, clock: clock,
            hasEnded: { !selection.follow })
    }
}
