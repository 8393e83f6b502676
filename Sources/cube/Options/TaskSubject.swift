import ArgumentParser
import CubeManagerClient
import CubeTypes

/// One task, as a person names it.
enum TaskSubject: Equatable {
    case slot(WorkloadName, Int)
    case id(TaskID)
    /// The beginning of an id.
    case beginning(String)

    static let help = ArgumentHelp("NAME/ORDINAL, a task's id, or the beginning of one.", valueName: "task")
    /// How many digits of an id are enough to ask for it.
    private static let shortest = 4

    /// Reads an argument; the error says the rule.
    static func parse(_ argument: String) throws -> TaskSubject {
        if let id = TaskID(rawValue: argument) { return .id(id) }
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let name = WorkloadName(rawValue: String(parts[0])), let ordinal = Int(parts[1]) {
            return .slot(name, ordinal)
        }
        let digits = argument.allSatisfy { $0 == "-" || $0.isHexDigit && !$0.isUppercase }
        guard digits, argument.count >= shortest else {
            throw ValidationError(
                "\"\(argument)\" must be NAME/ORDINAL, a task's id, or the first \(shortest) digits of it or more")
        }
        return .beginning(argument)
    }

    /// - Throws: a `Failure` where no task is meant, or several are.
    func find(owner: OwnerName, at client: ManagerClient) async throws -> TaskStatus {
        switch self {
        case .id(let id): try await client.task(id)
        case .beginning: try choose(from: try await client.tasks().tasks)
        case .slot(let name, _): try choose(from: try await client.tasks(owner: owner, name: name).tasks)
        }
    }

    /// The one that is meant: of a slot the living task, or else the last.
    ///
    /// - Throws: a `Failure` where there is none, or more than one.
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
            throw Failure("there is no task \(self)", hint: "`cube task list --all` lists what there is")
        }
        guard candidates.count == 1 else {
            let ids = candidates.map { "\($0.id) (\($0.name)/\($0.ordinal), \($0.state))" }.sorted()
            throw Failure("\(self) means \(candidates.count) tasks: \(ids.joined(separator: ", "))")
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
