import CubeCore
import CubeErrors
import CubeSystem
import CubeTesting
import CubeTypes
import Foundation
import Glibc
import Logging
import SystemPackage
import Testing

@testable import CubeWorker

/// A scratch directory for a worker with the real supervisor. Directory and processes are removed after the test.
struct WorkerWorld {
    static let cluster = ClusterID(rawValue: "11111111-2222-3333-4444-555555555555")!

    let directory: FilePath

    static func with<Value>(_ body: (WorkerWorld) async throws -> Value) async throws -> Value {
        let world = WorkerWorld(directory: FilePath("/tmp/cube-worker-\(UUID().uuidString)"))
        let value: Value
        do {
            value = try await body(world)
        } catch {
            try await world.cleanUp()
            throw error
        }
        try await world.cleanUp()
        return value
    }

    /// Removes the directory and asks the supervisors that a failed test left running to end.
    private func cleanUp() async throws {
        try LocalFiles.remove(directory.string)
        for supervisor in SupervisorProcess.all(below: directory) { try supervisor.askToEnd() }
    }

    /// The supervisor, which is built next to the test bundle.
    static var supervisor: FilePath {
        FilePath(try! FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .removingLastComponent().appending("cube-supervisor")
    }

    var store: WorkerStore { WorkerStore(directory: directory.string) }

    func work(_ id: TaskID) -> String { "\(store.directory(of: id))/work" }

    /// Creates a named pipe in the world's directory. A task's program waits at the pipe until a test opens it.
    func gate(_ name: String) throws -> Gate {
        let path = directory.appending(name).string
        guard mkfifo(path, 0o600) == 0 else { throw Errno(rawValue: errno) }
        return Gate(path: path)
    }

    struct Gate {
        let path: String

        /// Lets a program continue that reads a word from the pipe. Waits for that program without blocking a shared thread.
        func open() async throws {
            try await eventually {
                do {
                    let pipe = try FileDescriptor.open(
                        FilePath(path), .writeOnly, options: [.nonBlocking, .closeOnExec])
                    _ = try pipe.closeAfter { try pipe.writeAll("go\n".utf8) }
                    return true
                } catch Errno.noSuchAddressOrDevice {
                    // The pipe has no reader yet.
                    return false
                }
            }
        }
    }

    func runDirectory(_ id: TaskID, run: Int = 1) -> RunDirectory {
        RunDirectory(path: "\(store.directory(of: id))/runs/1-\(run)")
    }

    /// Runs a worker during the body, then drops it without a shutdown, whatever it is doing.
    ///
    /// - Parameter options: the options of the worker; defaults to a worker in the world's directory.
    @discardableResult
    func worker<Value>(
        options: WorkerOptions? = nil, registrar: (any ManagerRegistrar)? = nil,
        now: @escaping @Sendable () -> DurableInstant = { .now() }, _ body: (RunningWorker) async throws -> Value
    ) async throws -> Value {
        let service = try await WorkerService.open(
            options
                ?? WorkerOptions(name: NodeName(rawValue: "w1")!, directory: directory, supervisor: Self.supervisor),
            registrar: registrar, clock: ContinuousClock(), now: now, random: .system,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await service.run() }
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(RunningWorker(service: service)))
        } catch {
            result = .failure(error)
        }
        running.cancel()
        try await running.value
        return try result.get()
    }
}

struct RunningWorker {
    let service: WorkerService

    @discardableResult
    func assign(_ assignment: TaskAssignment) async throws -> WorkerTask {
        try await service.assign(assignment).task
    }

    @discardableResult
    func stop(_ id: TaskID, placement: Int = 1) async throws -> WorkerTask {
        try await service.stop(id, placement: placement, term: 1, cluster: WorkerWorld.cluster)
    }

    func list(since: Int? = nil, wait: Duration = .seconds(60)) async throws -> WorkerTaskList {
        try await service.list(
            since: since, incarnation: service.table.incarnation, term: 1, cluster: WorkerWorld.cluster, wait: wait)
    }

    /// Waits on the blocking list until a task satisfies a condition.
    @discardableResult
    func task(_ id: TaskID, _ isWanted: (WorkerTask) -> Bool) async throws -> WorkerTask {
        var since: Int?
        while true {
            try Task.checkCancellation()
            let list = try await list(since: since)
            if let task = list.tasks.first(where: { $0.id == id }), isWanted(task) { return task }
            since = list.sequence
        }
    }

    @discardableResult
    func task(_ id: TaskID, reaches state: TaskState) async throws -> WorkerTask {
        try await task(id) { $0.state == state }
    }

    @discardableResult
    func ended(_ id: TaskID) async throws -> WorkerTask { try await task(id) { $0.state.hasEnded } }

    func output(_ id: TaskID, tail: Int? = nil, follow: Bool = false) async throws -> String {
        var bytes: [UInt8] = []
        for try await chunk in try await service.logs(id, LogSelection(tail: tail, follow: follow)) { bytes += chunk }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Follows the output of a task, in any state, until it contains a line.
    func output(_ id: TaskID, shows line: String) async throws {
        var text = ""
        for try await chunk in try await service.logs(id, LogSelection(follow: true)) {
            text += String(decoding: chunk, as: UTF8.self)
            if text.contains(line + "\n") { return }
        }
        Issue.record("the output ended without \(line): \(text)")
    }

    /// Follows the output until it contains a line, and returns the output before that line. The task is known to be
    /// running then.
    @discardableResult
    func output(_ id: TaskID, until line: String) async throws -> String {
        var text = ""
        for try await chunk in try await service.logs(id, LogSelection(follow: true)) {
            text += String(decoding: chunk, as: UTF8.self)
            if let range = text.range(of: line + "\n") {
                try await task(id, reaches: .running)
                return String(text[..<range.lowerBound])
            }
        }
        return text
    }
}

extension TaskAssignment {
    /// Returns a task that runs a shell script and is not retried.
    static func script(
        _ script: String, restart: RestartPolicy = RestartPolicy(policy: .never), stop: StopPolicy = StopPolicy(),
        placement: Int = 1, term: Int = 1, cluster: ClusterID = WorkerWorld.cluster,
        _ change: (inout TaskDefinition) -> Void = { _ in }
    ) -> TaskAssignment {
        var definition = TaskDefinition(
            name: WorkloadName(rawValue: "task")!, command: ["sh", "-c", script], restart: restart, stop: stop)
        change(&definition)
        return TaskAssignment(
            cluster: cluster, term: term, id: TaskID(rawValue: UUID().uuidString.lowercased())!, owner: .default,
            ordinal: 3, attempt: 0, placement: placement, definition: definition)
    }
}

/// Whether a process with this ID is running.
func isAlive(_ id: String) throws -> Bool {
    let number = try #require(pid_t(id.trimmingCharacters(in: .whitespacesAndNewlines)))
    return ProcessTable.Entry(number) != nil
}
