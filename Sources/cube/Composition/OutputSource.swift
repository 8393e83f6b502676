import CubeManagerClient
import CubeOrchestratorClient
import CubeTypes
import CubeWorker
import SystemPackage

/// A task whose output can be read.
struct LoggedTask: Sendable {
    var id: TaskID
    var name: WorkloadName
    var ordinal: Int
    var attempt: Int
    var hasEnded: Bool
}

/// Where the output of tasks is read from.
protocol OutputSource: Sendable {
    /// - Throws: where there is no such task.
    func task(_ id: TaskID) async throws -> LoggedTask
    func tasks(_ name: WorkloadName, of owner: OwnerName) async throws -> [LoggedTask]
    func output(
        of id: TaskID, tail: Int?, follow: Bool
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable
}

/// The manager, which asks the workers.
struct ManagerOutput: OutputSource {
    let client: ManagerClient

    func task(_ id: TaskID) async throws -> LoggedTask { LoggedTask(try await client.task(id)) }

    func tasks(_ name: WorkloadName, of owner: OwnerName) async throws -> [LoggedTask] {
        try await client.tasks(owner: owner, name: name).tasks.map(LoggedTask.init)
    }

    func output(
        of id: TaskID, tail: Int?, follow: Bool
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        guard follow else { return try await client.logs(id, tail: tail) }
        return OrchestratorClient(manager: client).logs(of: id, tail: tail)
    }
}

/// The files of the workers of a data directory, while no manager is at work there.
struct LocalOutput: OutputSource {
    private let stores: [StoredTasks]

    /// - Returns: `nil` where no worker has ever been.
    init?(data: DataDirectory) {
        stores = data.workers.map { StoredTasks(directory: data.worker($0).string) }
        if stores.isEmpty { return nil }
    }

    func task(_ id: TaskID) throws -> LoggedTask {
        guard let task = try all().first(where: { $0.task.assignment.id == id }) else {
            throw Failure("task \(id): no worker of this data directory has it")
        }
        return LoggedTask(task.task)
    }

    func tasks(_ name: WorkloadName, of owner: OwnerName) throws -> [LoggedTask] {
        try all().map(\.task).filter { $0.assignment.definition.name == name && $0.assignment.owner == owner }
            .map(LoggedTask.init)
    }

    func output(
        of id: TaskID, tail: Int?, follow: Bool
    ) throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        guard let store = try all().first(where: { $0.task.assignment.id == id })?.store else {
            throw Failure("task \(id): no worker of this data directory has it")
        }
        return store.logs(id, tail: tail, follow: follow)
    }

    private func all() throws -> [(task: StoredTasks.Task, store: StoredTasks)] {
        try stores.flatMap { store in try store.tasks().map { ($0, store) } }
    }
}

extension LoggedTask {
    init(_ task: TaskStatus) {
        self.init(
            id: task.id, name: task.name, ordinal: task.ordinal, attempt: task.attempt, hasEnded: task.state.hasEnded)
    }

    init(_ task: StoredTasks.Task) {
        let assignment = task.assignment
        self.init(
            id: assignment.id, name: assignment.definition.name, ordinal: assignment.ordinal,
            attempt: assignment.attempt, hasEnded: task.hasEnded)
    }
}
