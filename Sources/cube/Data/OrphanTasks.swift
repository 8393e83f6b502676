import CubeCore
import CubeTypes
import CubeWorker
import SystemPackage

/// Running tasks that no manager can stop.
struct OrphanTasks {
    let supervisors: [SupervisorProcess]

    init(_ supervisors: [SupervisorProcess]) { self.supervisors = supervisors }

    /// One line for each task.
    var lines: [String] {
        supervisors.map { supervisor in
            let task = supervisor.task.map { "task \($0)" } ?? "a task"
            let note =
                switch supervisor.place {
                case .unchanged: ""
                case .moved: " (its directory was moved from \(supervisor.directory))"
                case .removed: " (its directory is gone)"
                }
            return "  \(task), process \(supervisor.process), of worker \(supervisor.worker)\(note)"
        }
    }

    /// Ends the tasks, and waits until they have ended.
    ///
    /// - Throws: A `Failure` if they do not end in time.
    func end(within timeout: Duration) async throws {
        for supervisor in supervisors { try supervisor.askToEnd() }
        let deadline = ContinuousClock.now + timeout
        while !Set(supervisors.map(\.process)).isDisjoint(with: SupervisorProcess.all().map(\.process)) {
            guard ContinuousClock.now < deadline else {
                throw Failure("timed out after \(timeout.text) waiting for the tasks to end")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
