import ArgumentParser
import CubeManagerClient
import CubeTypes

/// A task as named on the command line.
enum TaskSubject: Equatable {
    case slot(WorkloadName, Int)
    case id(TaskID)
    /// A prefix of a task id.
    case beginning(String)

    static let help = ArgumentHelp("NAME/ORDINAL, a task id, or a prefix of a task id.", valueName: "task")
    /// The minimum length of a task id prefix.
    private static let shortest = 4

    /// Parses an argument. The error states the rule for valid values.
    static func parse(_ argument: String) throws -> TaskSubject {
        if let id = TaskID(rawValue: argument) { return .id(id) }
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let name = WorkloadName(rawValue: String(parts[0])), let ordinal = Int(parts[1]) {
            return .slot(name, ordinal)
        }
        let digits = argument.allSatisfy { $0 == "-" || $0.isHexDigit && !$0.isUppercase }
        guard digits, argument.count >= shortest else {
            throw ValidationError(
                "\"\(argument)\" must be NAME/ORDINAL, a task id, or a task id prefix of at least \(shortest) digits")
        }
        return .beginning(argument)
    }

    /// - Parameter command: Returns the command that was given, with other arguments.
    /// - Throws: A `Failure` if no task matches, or more than one does.
    func find(owner: OwnerName, at client: ManagerClient, command: (String) -> String) async throws -> TaskStatus {
        switch self {
        case .id(let id): try await client.task(id)
        case .beginning: try choose(from: try await client.tasks().tasks)
        case .slot(let name, _):
            try choose(from: try await client.tasks(name: name).tasks, of: owner, command: command)
        }
    }

    /// Returns the task of an owner that is meant.
    ///
    /// - Throws: A `Failure` if the owner has no such task, or more than one. If only one other owner has such a task,
    ///   the hint names the command for that owner.
    func choose(from tasks: [TaskStatus], of owner: OwnerName, command: (String) -> String) throws -> TaskStatus {
        guard let other = OtherOwner(than: owner, among: Set(tasks.filter(matches).map(\.owner))) else {
            return try choose(from: tasks.filter { $0.owner == owner })
        }
        throw Failure(
            "owner \(owner) has no task \(self)", hint: other.hint(command("\(self) --owner \(other.name)")))
    }

    /// Returns the task that is meant. For a slot, this is the live task, or the last one if none is live.
    ///
    /// - Throws: A `Failure` if no task matches, or more than one does.
    func choose(from tasks: [TaskStatus]) throws -> TaskStatus {
        let found = tasks.filter(matches)
        let living = found.filter { !$0.state.hasEnded }
        let candidates =
            switch self {
            case .slot where living.isEmpty: Array(found.sorted { $0.attempt < $1.attempt }.suffix(1))
            case .slot: living
            case .id, .beginning: found
            }
        guard let task = candidates.first else {
            throw Failure("no such task: \(self)", hint: "`cube task list --all` lists all tasks")
        }
        guard candidates.count == 1 else {
            let ids = candidates.map { "\($0.id) (\($0.name)/\($0.ordinal), \($0.state))" }.sorted()
            throw Failure("\(self) matches \(candidates.count) tasks: \(ids.joined(separator: ", "))")
        }
        return task
    }

    private func matches(_ task: TaskStatus) -> Bool {
        switch self {
        case .slot(let name, let ordinal): task.name == name && task.ordinal == ordinal
        case .id(let id): task.id == id
        case .beginning(let digits): task.id.rawValue.hasPrefix(digits)
        }
    }
}

extension TaskSubject: CustomStringConvertible {
    var description: String {
        switch self {
        case .slot(let name, let ordinal): "\(name)/\(ordinal)"
        case .id(let id): "\(id)"
        case .beginning(let digits): digits
        }
    }
}
