import CubeCore
import CubeErrors
import CubeJSON
import CubeSystem
import CubeTypes
import Glibc
import SystemPackage

/// The records of a worker in its directory:
///
///     worker.json          the membership
///     process-limits.json  which limits of processes the worker cannot enforce
///     engine               the socket of the container engine that ran the last container
///     volumes/NAME         the root directory of the engine that has this named volume, from when it was created
///     tasks/ID/record.json the record of a task
///     tasks/ID/log/        its output, over all runs
///     tasks/ID/work/       its working directory
///     tasks/ID/runs/P-R/   run R of placement P, see `RunDirectory`
///     reserve/             reserved space for records of stops and ends, see `DiskReserve`
///
/// A record is written before its effect is carried out or acknowledged. Therefore, the successor of a killed worker
/// always finds at least the intent, and `TaskRuntime` finds out how far it was carried out.
struct WorkerStore: Sendable {
    let directory: String
    /// Writes a command of Cube in a message, as ``WorkerOptions/command`` does.
    var command: @Sendable (_ words: String) -> String = WorkerOptions.plainCommand

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

    private var engineFile: String { "engine" }

    /// Returns the socket of the container engine that ran the last container; `nil` if there was none.
    func engineSocket() throws -> String? {
        try LocalFiles.read("\(directory)/\(engineFile)").map { String(decoding: $0, as: UTF8.self) }
    }

    func save(engineSocket: String) throws {
        guard try self.engineSocket() != engineSocket else { return }
        try LocalFiles.write(Array(engineSocket.utf8), to: engineFile, in: directory, durably: true)
    }

    private var limitsFile: String { "process-limits.json" }

    /// Returns which limits of processes the last worker could not enforce; `nil` if no worker has found out.
    func limitObstacles() throws -> LimitObstacles? {
        try load(LimitObstacles.self, "\(directory)/\(limitsFile)")
    }

    func save(_ obstacles: LimitObstacles) throws {
        try LocalFiles.write(try encoded(obstacles), to: limitsFile, in: directory, durably: false)
    }

    private var volumes: String { "\(directory)/volumes" }
    func file(of volume: NodeVolume) -> String { "\(volumes)/\(volume.name)" }

    /// Returns the root directory of the engine on which this worker created a volume; `nil` if it did not.
    func engine(of volume: NodeVolume) throws -> String? {
        try LocalFiles.read(file(of: volume)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Records durably that an engine has a volume.
    func save(_ volume: NodeVolume, engine: String) throws {
        guard try self.engine(of: volume) != engine else { return }
        try LocalFiles.makeDirectory(volumes, durablyIn: directory)
        try LocalFiles.write(Array(engine.utf8), to: volume.name, in: volumes, durably: true)
    }

    /// Forgets a volume that was removed.
    func remove(_ volume: NodeVolume) throws { try LocalFiles.remove(file(of: volume)) }

    /// Returns the volumes of this worker whose data are or were in an engine, sorted.
    func volumes(of worker: NodeName, in cluster: ClusterID) throws -> [VolumeKey] {
        let first = try volumeCluster(else: cluster)
        return try LocalFiles.names(in: volumes)
            .compactMap { NodeVolume(named: $0, cluster: first, worker: worker)?.key }.sorted()
    }

    private var volumeClusterFile: String { "volume-cluster" }

    /// Returns the first cluster in which this worker had a volume, which the names of its volumes depend on; `cluster` if it had
    /// volumes in no other.
    func volumeCluster(else cluster: ClusterID) throws -> ClusterID {
        try LocalFiles.read("\(directory)/\(volumeClusterFile)")
            .flatMap { ClusterID(rawValue: String(decoding: $0, as: UTF8.self)) } ?? cluster
    }

    /// Records durably that the volumes of this worker keep their names, because the worker leaves the cluster in which it created
    /// them.
    func keepVolumes(of cluster: ClusterID) throws {
        guard try !LocalFiles.names(in: volumes).isEmpty else { return }
        let first = try volumeCluster(else: cluster)
        try LocalFiles.write(Array(first.rawValue.utf8), to: volumeClusterFile, in: directory, durably: true)
    }

    func prepare() throws {
        try LocalFiles.makeDirectory(directory)
        try LocalFiles.makeDirectory("\(directory)/tasks", durablyIn: directory)
    }

    func membership() throws -> WorkerMembership {
        try load(WorkerMembership.self, membershipFile) ?? WorkerMembership()
    }

    /// - Parameter usesReserve: whether the disk reserve may be used. The manager's next call depends on the
    ///   membership, and may be a stop.
    func save(_ membership: WorkerMembership, usesReserve: Bool = true) throws {
        try save(membership, "worker.json", in: directory, usesReserve: usesReserve)
    }

    /// Returns the IDs of all tasks that have a directory, sorted. Directories with other names are ignored.
    func tasks() throws -> [TaskID] {
        try LocalFiles.names(in: "\(directory)/tasks").compactMap(TaskID.init(rawValue:)).sorted()
    }

    /// The state of a task's files.
    enum Found {
        case record(WorkerRecord)
        /// The record was missing and was rebuilt from the copy in the task's run.
        case rebuilt(WorkerRecord)
        /// The record is missing and there is no copy. The run is found again when the manager assigns the task.
        case unrecorded(RunTrace)
        /// The directory belongs to an assignment that was never recorded and therefore never acknowledged.
        case neverStarted
    }

    /// Loads the record of a task and rebuilds it if only a copy is left.
    ///
    /// - Throws: if the record is damaged, because the task may be running.
    func recover(_ id: TaskID) throws -> Found {
        if let record = try record(of: id) { return .record(record) }
        guard let trace = try trace(of: id) else { return .neverStarted }
        guard let copy = copy(in: trace) else { return .unrecorded(trace) }
        do {
            try save(copy)
        } catch let error as APIError where error.reason == .storageFull {
            // The next call finds the copy again.
        }
        return .rebuilt(copy)
    }

    /// Returns the record of a task; `nil` if there is none.
    func record(of id: TaskID) throws -> WorkerRecord? { try load(WorkerRecord.self, recordFile(of: id)) }

    func save(_ record: WorkerRecord) throws {
        let task = directory(of: record.id)
        let makeDirectory = { _ = try LocalFiles.makeDirectory(task, durablyIn: "\(directory)/tasks") }
        if record.isOfStop { try reserve.releasing(for: task, makeDirectory) } else { try makeDirectory() }
        try save(record, "record.json", in: task, usesReserve: record.isOfStop)
    }

    /// Writes records of different tasks durably, several at a time.
    ///
    /// - Returns: the tasks whose records were written. ``save(_:)`` finds out what is wrong with the others.
    func save(_ records: [WorkerRecord]) -> Set<TaskID> {
        var created: [String] = []
        do {
            for task in records.map({ directory(of: $0.id) }) where try LocalFiles.makeDirectory(task) {
                created.append(task)
            }
            if !created.isEmpty { try Directory.synchronize(FilePath("\(directory)/tasks")) }
        } catch {
            // Otherwise, a later attempt would take these directories for durable.
            for task in created { rmdir(task) }
            return []
        }
        let written = Self.writers.map(records) { record -> TaskID? in
            do {
                try LocalFiles.write(
                    try encoded(record), to: "record.json", in: directory(of: record.id), durably: true)
                return record.id
            } catch {
                return nil
            }
        }
        return Set(written.compactMap(\.self))
    }

    private static let writers = BlockingThreads("cube-worker-records", count: 8)

    /// Writes a copy of a record into the directory of a run, in case the record is lost.
    func saveCopy(_ record: WorkerRecord, in run: RunDirectory) throws {
        try LocalFiles.write(try encoded(record), to: "record.json", in: run.path, durably: false)
    }

    /// Returns the copy of a record; `nil` if there is no readable copy. Earlier versions wrote none.
    func copy(in trace: RunTrace) -> WorkerRecord? {
        // An unreadable copy counts as missing.
        try? load(WorkerRecord.self, trace.directory.copy)
    }

    /// Returns the evidence that a task was started, independent of its record.
    func trace(of id: TaskID) throws -> RunTrace? { try RunTrace.find(in: runs(of: id)) }

    /// Renames a damaged file within its directory.
    ///
    /// - Returns: the new path.
    func setAside(_ path: String) throws -> String {
        for number in 1...1000 {
            let other = "\(path).damaged-\(number)"
            guard access(other, F_OK) != 0 else { continue }
            guard rename(path, other) == 0 else {
                throw APIError(.internal, "\(path): cannot rename the damaged file: \(Errno(rawValue: errno))")
            }
            return other
        }
        throw APIError(.internal, "\(path): cannot rename the damaged file: it has 1000 damaged copies; remove some")
    }

    /// Removes the working directory of a task that has ended.
    ///
    /// - Returns: whether the directory existed.
    func removeWork(of id: TaskID) throws -> Bool {
        let work = "\(directory(of: id))/work"
        guard access(work, F_OK) == 0 else { return false }
        try LocalFiles.remove(work)
        return true
    }

    /// Removes a task. The record goes first, so that the rest of an interrupted removal counts as never acknowledged.
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
            return try JSONBytesDecoder.value(Stored<Value>.self, from: bytes).value
        } catch {
            throw APIError(
                .internal,
                """
                \(path) is damaged. Do not delete it, as its tasks may be running: \(command("worker repair")) sets it aside \
                and rebuilds it (\("\(error)".shortened(to: 200)))
                """)
        }
    }

    private func encoded(_ value: some Codable) throws -> [UInt8] {
        try JSONBytesEncoder.bytes(of: Stored(value: value))
    }

    private func save(_ value: some Codable, _ name: String, in directory: String, usesReserve: Bool) throws {
        let bytes = try encoded(value)
        do throws(APIError) {
            try LocalFiles.write(bytes, to: name, in: directory, durably: true)
        } catch {
            guard error.reason == .storageFull, usesReserve else { throw error }
            try reserve.write(bytes, to: name, in: directory)
        }
    }
}
