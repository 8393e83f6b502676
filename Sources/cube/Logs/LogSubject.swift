import ArgumentParser
import CubeTypes

/// The subject of `cube logs` and `cube exec`, as named on the command line.
enum LogSubject: Hashable {
    case workload(WorkloadName)
    case slot(WorkloadName, Int)
    case task(TaskID)

    /// Parses an argument. The error states the rule for valid values.
    static func parse(_ argument: String) throws -> LogSubject {
        if let id = TaskID(rawValue: argument) { return .task(id) }
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        if let name = parts.first.flatMap({ WorkloadName(rawValue: String($0)) }) {
            if parts.count == 1 { return .workload(name) }
            if parts.count == 2, let ordinal = Int(parts[1]), ordinal >= 0 { return .slot(name, ordinal) }
        }
        throw ArgumentParser.ValidationError("\"\(argument)\" must be a name, NAME/ORDINAL or a task id")
    }

    /// The workload; `nil` if the subject is named by the id of a task.
    var workload: WorkloadName? {
        switch self {
        case .workload(let name), .slot(let name, _): name
        case .task: nil
        }
    }

    var isIdentifier: Bool { if case .task = self { true } else { false } }

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
