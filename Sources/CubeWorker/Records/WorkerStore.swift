import CubeCore
import CubeErrors
import CubeTypes
import FoundationEssentials
import SystemPackage

/// What a worker remembers of one task.
enum TaskRecord: Codable, Hashable, Sendable {
    case placement(SupervisedPlacement)
    /// A stop came before the placement that it is for, which will therefore never start.
    case tombstone(TaskID, placement: Int, at: Timestamp)

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

    var endedAt: Timestamp? {
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
    let directory: FilePath

    var tasks: FilePath { directory.appending("tasks") }
    func directory(of id: TaskID) -> FilePath { tasks.appending(id.rawValue) }
    func logs(of id: TaskID) -> FilePath { directory(of: id).appending("log") }

    private struct Stored<Value: Codable>: Codable {
        var version = 1
        var value: Value
    }

    func prepare() throws {
        try LocalFiles.makeDirectory(directory, durably: true)
        try LocalFiles.makeDirectory(tasks, durably: true)
    }

    func membership() throws -> Membership {
        try load(Membership.self, directory.appending("worker.json")) ?? Membership()
    }

    func save(_ membership: Membership) throws {
        try save(membership, directory.appending("worker.json"))
    }

    /// All records, by id. A record that cannot be read is an error, never an absent task: its processes may be alive.
    func records() throws -> [TaskRecord] {
        try LocalFiles.names(in: tasks).compactMap { name in
            let record = try load(TaskRecord.self, tasks.appending(name).appending("record.json"))
            // Made for an assignment that was never recorded, so never acknowledged.
            if record == nil { try LocalFiles.remove(tasks.appending(name)) }
            return record
        }
    }

    func save(_ record: TaskRecord) throws {
        try LocalFiles.makeDirectory(directory(of: record.id), durably: true)
        try save(record, directory(of: record.id).appending("record.json"))
    }

    /// The record goes first, so that what is left after an interruption counts as never acknowledged.
    func remove(_ id: TaskID) throws {
        try LocalFiles.remove(directory(of: id).appending("record.json"))
        try LocalFiles.remove(directory(of: id))
    }

    private func load<Value: Codable>(_ type: Value.Type, _ path: FilePath) throws -> Value? {
        do {
            guard let bytes = try LocalFiles.read(path) else { return nil }
            return try JSONDecoder().decode(Stored<Value>.self, from: Data(bytes)).value
        } catch {
            throw APIError(.internal, "\(path): cannot be read: \(error)")
        }
    }

    private func save<Value: Codable>(_ value: Value, _ path: FilePath) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try LocalFiles.write(Array(try encoder.encode(Stored(value: value))), to: path, durably: true)
    }
}
