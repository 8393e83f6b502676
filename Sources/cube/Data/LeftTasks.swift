import CubeCore
import CubeTypes
import CubeWorker
import SystemPackage

/// Tasks that run without a manager that could end them.
struct LeftTasks {
    let supervisors: [SupervisorProcess]

    init(_ supervisors: [SupervisorProcess]) { self.supervisors = supervisors }

    /// A line for each of them.
    var lines: [String] {
        supervisors.map { supervisor in
            let task = supervisor.task.map { "task \($0)" } ?? "a task"
            return "  \(task), process \(supervisor.process), of \(supervisor.worker)"
                + (supervisor.isOrphan ? ", whose directory is gone" : "")
        }
    }

    /// Ends them and waits until they have ended.
    ///
    /// - Throws: where they do not end in time.
    func end(within timeout: Duration) async throws {
        for supervisor in supervisors { try supervisor.askToEnd() }
        let deadline = ContinuousClock.now + timeout
        while !Set(supervisors.map(\.process)).isDisjoint(with: SupervisorProcess.all().map(\.process)) {
            guard ContinuousClock.now < deadline else {
                throw Failure("waited \(timeout.text) in vain until the tasks end")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
