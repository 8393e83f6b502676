import CubeManagerClient
import CubeText
import CubeTypes

extension LogSubject {
    /// Returns the task beside whose program a command is to run: for a workload, its running task with the lowest ordinal.
    ///
    /// - Throws: a `Failure` that says which state the task has, if it is not running.
    func running(owner: OwnerName, at client: ManagerClient) async throws -> TaskStatus {
        switch self {
        case .task(let id): try running(of: [try await client.task(id)], owner: owner)
        case .workload(let name), .slot(let name, _):
            try running(of: try await client.tasks(name: name).tasks, owner: owner)
        }
    }

    /// Chooses among the tasks of an owner. An id belongs to no owner.
    ///
    /// - Parameter tasks: Tasks of any owners.
    func running(of tasks: [TaskStatus], owner: OwnerName) throws -> TaskStatus {
        let named = tasks.filter { matches(LoggedTask($0)) }
        let meant = named.filter { isIdentifier || $0.owner == owner }.sorted {
            ($0.ordinal, $1.attempt) < ($1.ordinal, $0.attempt)
        }
        if let running = meant.first(where: { $0.state == .running }) { return running }
        guard let other = meant.first(where: { !$0.state.hasEnded }) ?? meant.first else {
            let other = OtherOwner(than: owner, among: Set(named.map(\.owner)))
            let hint = other.map { $0.hint("add `--owner \($0.name)` before `--`") }
            throw Failure(
                "owner \(owner) has no task of \(self)", hint: hint ?? "`cube task list` lists the tasks")
        }
        throw Failure(
            "\(other.name)/\(other.ordinal) is \(other.state)\(other.why.map { ": \($0)" } ?? "")",
            hint: "a command needs a running task; `cube explain \(other.name)` shows why it is not running")
    }
}
