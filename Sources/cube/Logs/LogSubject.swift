import ArgumentParser
import CubeTypes

/// Whose output is meant, as a person names it.
enum LogSubject: Hashable {
    case workload(WorkloadName)
    case slot(WorkloadName, Int)
    case task(TaskID)

    /// Reads an argument; the error says the rule.
    static func parse(_ argument: String) throws -> LogSubject {
        if let id = TaskID(rawValue: argument) { return .task(id) }
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        if let name = parts.first.flatMap({ WorkloadName(rawValue: String($0)) }) {
            if parts.count == 1 { return .workload(name) }
            if parts.count == 2, let ordinal = Int(parts[1]), ordinal >= 0 { return .slot(name, ordinal) }
        }
        throw ArgumentParser.ValidationError("\"\(argument)\" must be a name, NAME/ORDINAL or a task's id")
    }

    func matches(_ task: LoggedTask) -> Bool {
        switch self {
        case .workload(let name): task.name == name
        case .slot(let name, let ordinal): task.name == name && task.ordinal == ordinal
        case .task(let id): task.id == id
        }
    }
}

extension LogSubject: CustomStringConvertible {
    var description: String {
        switch self {
        case .workload(let name): name.rawValue
        case .slot(let name, let ordinal): "\(name)/\(ordinal)"
        case .task(let id): id.rawValue
        }
    }
}
