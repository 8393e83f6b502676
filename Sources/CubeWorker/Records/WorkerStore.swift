import CubeCore
import CubeErrors
import CubeTypes
import FoundationEssentials

/// What a worker remembers of one task.
enum TaskRecord: Codable, Hashable, Sendable {
    case placement(SupervisedPlacement)
    /// A stop came before the placement that it is for, which will therefore never start.
    case tombstone(TaskID, placement: Int, at: DurableInstant)

    var id: TaskID {
        switch self {
        case .placement(let placement): placement.assignment.id
        case .tombstone(let id, _, _): id
        }
    }

    var placement: Int {
        switch self {
        case .placement(let placement): placement.assignment.placement
        case .tombstone(_, let placement, _): placement
        }
    }

    var endedAt: DurableInstant? {
        switch self {
        case .placement(let placement): placement.endedAt
        case .tombstone(_, _, let at): at
        }
    }
}

/// The cluster that a worker belongs to, and the highest term of its manager that it accepted.
struct Membership: Codable, Hashable, Sendable {
    var cluster: ClusterID?
    var term = 0
}

/// The records of a worker, in its directory:
///
///     worker.json          the membership
///     tasks/ID/record.json the record of a task
///     tasks/ID/log/        its output, over all runs
///     tasks/ID/work/       its working directory
///     tasks/ID/runs/P-R/   run R of placement P, see `RunDirectory`
///
/// A record is written before what it says is done or acknowledged. So whatever a worker was doing when it was killed, the
/// next one finds at least the intent, and `TaskRuntime` finds out how far it came.
struct WorkerStore: Sendable {
    let directory: String

    func directory(of id: TaskID) -> String { "\(directory)/tasks/\(id)" }
    func logs(of id: TaskID) -> String { "\(directory(of: id))/log" }

    private struct Stored<Value: Codable>: Codable {
        var version = 1
        var value: Value
    }

    func prepare() throws {
        try LocalFiles.makeDirectory(directory)
        try LocalFiles.makeDirectory("\(directory)/tasks", durablyIn: directory)
    }

    func membership() throws -> Membership {
        try load(Membership.self, "\(directory)/worker.json") ?? Membership()
    }

    func save(_ membership: Membership) throws { try save(membership, "worker.json", in: directory) }

    /// All records, by id. A record that cannot be read is an error, never an absent task: its processes may be alive.
    func records() throws -> [TaskRecord] {
        let tasks = "\(directory)/tasks"
        return try LocalFiles.names(in: tasks).compactMap { name in
            let record = try load(TaskRecord.self, "\(tasks)/\(name)/record.json")
            // Made for an assignment that was never recorded, so never acknowledged.
            if record == nil { try LocalFiles.remove("\(tasks)/\(name)") }
            return record
        }
    }

    /// `nil` where there is none.
    func record(of id: TaskID) throws -> TaskRecord? { try load(TaskRecord.self, "\(directory(of: id))/record.json") }

    func save(_ record: TaskRecord) throws {
        let task = directory(of: record.id)
        try LocalFiles.makeDirectory(task, durablyIn: "\(directory)/tasks")
        try save(record, "record.json", in: task)
    }

    /// The record goes first, so that what is left after an interruption counts as never acknowledged.
    func remove(_ id: TaskID) throws {
        try LocalFiles.remove("\(directory(of: id))/record.json")
        try LocalFiles.remove(directory(of: id))
    }

    private func load<Value: Codable>(_ type: Value.Type, _ path: String) throws -> Value? {
        do {
            guard let bytes = try LocalFiles.read(path) else { return nil }
            return try JSONDecoder().decode(Stored<Value>.self, from: Data(bytes)).value
        } catch {
            throw APIError(.internal, "\(path): cannot be read: \(error)")
        }
    }

    private func save<Value: Codable>(_ value: Value, _ name: String, in directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try LocalFiles.write(
            Array(try encoder.encode(Stored(value: value))), to: name, in: directory, durably: true)
    }
}
