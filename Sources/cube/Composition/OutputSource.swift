import CubeManagerClient
import CubeOrchestratorClient
import CubeTypes
import CubeWorker
import SystemPackage

/// Where the output of tasks is read from.
protocol OutputSource: Sendable {
    /// The tasks of an owner, and those that are named by their ids, whoever owns them.
    ///
    /// - Throws: where there is no task of such an id.
    func tasks(of owner: OwnerName, _ subjects: [LogSubject]) async throws -> [LoggedTask]

    /// The same tasks as they are, and then whatever changes.
    func changes(
        of owner: OwnerName, _ subjects: [LogSubject]
    ) throws -> any AsyncSequence<LogChange, any Error> & Sendable

    func output(
        of id: TaskID, _ selection: LogSelection
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable
}

/// The manager, which asks the workers.
struct ManagerOutput: OutputSource {
    let client: ManagerClient

    func tasks(of owner: OwnerName, _ subjects: [LogSubject]) async throws -> [LoggedTask] {
        try await statuses(of: owner, subjects).map(LoggedTask.init)
    }

    func changes(
        of owner: OwnerName, _ subjects: [LogSubject]
    ) -> any AsyncSequence<LogChange, any Error> & Sendable {
        ManagerLogChanges(client: client, owner: owner, identifier: subjects.identifiers.first)
    }

    func output(
        of id: TaskID, _ selection: LogSelection
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        guard selection.follow else { return try await client.logs(of: id, selecting: selection) }
        return OrchestratorClient(manager: client).logs(of: id, selecting: selection)
    }

    private func statuses(of owner: OwnerName, _ subjects: [LogSubject]) async throws -> [TaskStatus] {
        let ids = subjects.identifiers
        var tasks: [TaskStatus] = []
        for id in ids { tasks.append(try await client.task(id)) }
        guard ids.count < subjects.count || subjects.isEmpty else { return tasks }
        return tasks + (try await client.tasks(owner: owner).tasks.filter { !ids.contains($0.id) })
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

    func tasks(of owner: OwnerName, _ subjects: [LogSubject]) throws -> [LoggedTask] {
        let all = try all().map(\.task)
        for id in subjects.identifiers where !all.contains(where: { $0.assignment.id == id }) {
            throw Failure("task \(id): no worker of this data directory has it")
        }
        return all.filter { $0.assignment.owner == owner || subjects.identifiers.contains($0.assignment.id) }
            .map(LoggedTask.init)
    }

    /// Nothing changes: what is there is followed, and whoever starts more is a manager.
    func changes(
        of owner: OwnerName, _ subjects: [LogSubject]
    ) throws -> any AsyncSequence<LogChange, any Error> & Sendable {
        let tasks = try tasks(of: owner, subjects)
        return AsyncThrowingStream { continuation in
            continuation.yield(.listed(tasks))
            continuation.finish()
        }
    }

    func output(
        of id: TaskID, _ selection: LogSelection
    ) throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        guard let store = try all().first(where: { $0.task.assignment.id == id })?.store else {
            throw Failure("task \(id): no worker of this data directory has it")
        }
        return store.logs(id, selection)
    }

    private func all() throws -> [(task: StoredTasks.Task, store: StoredTasks)] {
        try stores.flatMap { store in try store.tasks().map { ($0, store) } }
    }
}

extension [LogSubject] {
    /// The tasks that are named by their ids.
    fileprivate var identifiers: [TaskID] {
        compactMap { subject in if case .task(let id) = subject { id } else { nil } }
    }
}
