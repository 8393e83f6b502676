import CubeCore
import CubeErrors
import CubeTypes
import FoundationEssentials
import Glibc
import SystemPackage

/// The records of a worker, in its directory:
///
///     worker.json          the membership
///     tasks/ID/record.json the record of a task
///     tasks/ID/log/        its output, over all runs
///     tasks/ID/work/       its working directory
///     tasks/ID/runs/P-R/   run R of placement P, see `RunDirectory`
///     reserve/             space for records of stops and ends, see `DiskReserve`
///
/// A record is written before what it says is done or acknowledged. So whatever a worker was doing when it was killed, the
/// next one finds at least the intent, and `TaskRuntime` finds out how far it came.
struct WorkerStore: Sendable {
    let directory: String

    var membershipFile: String { "\(directory)/worker.json" }
    var reserve: DiskReserve { DiskReserve(directory: "\(directory)/reserve") }
    func directory(of id: TaskID) -> String { "\(directory)/tasks/\(id)" }
    func recordFile(of id: TaskID) -> String { "\(directory(of: id))/record.json" }
    func runs(of id: TaskID) -> String { "\(directory(of: id))/runs" }
    func logs(of id: TaskID) -> String { "\(directory(of: id))/log" }

    private struct Stored<Value: Codable>: Codable {
        var version = 1
        var value: Value
    }

    func prepare() throws {
        try LocalFiles.makeDirectory(directory)
        try LocalFiles.makeDirectory("\(directory)/tasks", durablyIn: directory)
    }

    func membership() throws -> WorkerMembership {
        try load(WorkerMembership.self, membershipFile) ?? WorkerMembership()
    }

    /// - Parameter usesReserve: whether it may take from the reserve, as the manager's next call needs it, which may be a stop.
    func save(_ membership: WorkerMembership, usesReserve: Bool = true) throws {
        try save(membership, "worker.json", in: directory, usesReserve: usesReserve)
    }

    /// The ids of all tasks that have a directory, sorted. What is called otherwise is nobody's here.
    func tasks() throws -> [TaskID] {
        try LocalFiles.names(in: "\(directory)/tasks").compactMap(TaskID.init(rawValue:)).sorted()
    }

    /// What is found of a task.
    enum Found {
        case record(WorkerRecord)
        /// Its record is missing, and was written anew from the copy in its run.
        case rebuilt(WorkerRecord)
        /// Its record is missing and there is no copy. Its run is found again when the manager assigns the task.
        case unrecorded(RunTrace)
        /// Its directory was made for an assignment that was never recorded, so never acknowledged.
        case neverStarted
    }

    /// Finds what is known of a task, and writes its record anew where only a copy is left.
    ///
    /// - Throws: where its record is damaged: it may be alive.
    func recover(_ id: TaskID) throws -> Found {
        if let record = try record(of: id) { return .record(record) }
        guard let trace = try trace(of: id) else { return .neverStarted }
        guard let copy = copy(in: trace) else { return .unrecorded(trace) }
        do {
            try save(copy)
        } catch let error as APIError where error.reason == .storageFull {
            // The copy is found again.
        }
        return .rebuilt(copy)
    }

    /// `nil` where there is none.
    func record(of id: TaskID) throws -> WorkerRecord? { try load(WorkerRecord.self, recordFile(of: id)) }

    func save(_ record: WorkerRecord) throws {
        let task = directory(of: record.id)
        let makeDirectory = { try LocalFiles.makeDirectory(task, durablyIn: "\(directory)/tasks") }
        if record.isOfStop { try reserve.releasing(for: task, makeDirectory) } else { try makeDirectory() }
        try save(record, "record.json", in: task, usesReserve: record.isOfStop)
    }

    /// Writes a copy of a record into the directory of a run, for the case that the record is lost.
    func saveCopy(_ record: WorkerRecord, in run: RunDirectory) throws {
        try LocalFiles.write(try encoded(record), to: "record.json", in: run.path, durably: false)
    }

    /// `nil` where there is none that can be read: versions before this one wrote none.
    func copy(in trace: RunTrace) -> WorkerRecord? {
        // What cannot be read is no copy; what is known without it is what counts then.
        try? load(WorkerRecord.self, trace.directory.copy)
    }

    /// What was ever started of a task, whatever its record says.
    func trace(of id: TaskID) throws -> RunTrace? { try RunTrace.find(in: runs(of: id)) }

    /// Gives a damaged file another name beside its own.
    ///
    /// - Returns: its new path.
    func setAside(_ path: String) throws -> String {
        for number in 1...1000 {
            let other = "\(path).damaged-\(number)"
            guard access(other, F_OK) != 0 else { continue }
            guard rename(path, other) == 0 else {
                throw APIError(.internal, "\(path): cannot be set aside: \(Errno(rawValue: errno))")
            }
            return other
        }
        throw APIError(.internal, "\(path): cannot be set aside: there are 1000 damaged ones beside it")
    }

    /// Removes the working directory of a task that has ended.
    ///
    /// - Returns: whether there was any.
    func removeWork(of id: TaskID) throws -> Bool {
        let work = "\(directory(of: id))/work"
        guard access(work, F_OK) == 0 else { return false }
        try LocalFiles.remove(work)
        return true
    }

    /// The record goes first, so that what is left after an interruption counts as never acknowledged.
    func remove(_ id: TaskID) throws {
        try LocalFiles.remove("\(directory(of: id))/record.json")
        try LocalFiles.remove(directory(of: id))
    }

    private func load<Value: Codable>(_ type: Value.Type, _ path: String) throws -> Value? {
        let bytes: [UInt8]
        do {
            guard let read = try LocalFiles.read(path) else { return nil }
            bytes = read
        } catch {
            throw APIError(.internal, "\(path) cannot be read: \(error)")
        }
        do {
            return try JSONDecoder().decode(Stored<Value>.self, from: Data(bytes)).value
        } catch {
            throw APIError(
                .internal,
                """
                \(path) is damaged. Do not delete it, as its tasks may be running: `cube worker repair` sets it aside and \
                rebuilds it (\("\(error)".shortened(to: 200)))
                """)
        }
    }

    private func encoded(_ value: some Codable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Array(try encoder.encode(Stored(value: value)))
    }

    private func save(_ value: some Codable, _ name: String, in directory: String, usesReserve: Bool) throws {
        let bytes = try encoded(value)
        do {
            try LocalFiles.write(bytes, to: name, in: directory, durably: true)
        } catch let error as APIError where error.reason == .storageFull && usesReserve {
            try reserve.write(bytes, to: name, in: directory)
        }
    }
}
