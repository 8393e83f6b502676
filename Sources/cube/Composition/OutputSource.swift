import CubeErrors
import CubeManagerClient
import CubeOrchestratorClient
import CubeTypes
import CubeWorker
import SystemPackage

/// A source of the output of tasks.
protocol OutputSource: Sendable {
    /// The tasks of an owner, and the tasks of any owner that are named by id. An unknown id is ignored.
    func tasks(of owner: OwnerName, _ subjects: [LogSubject]) async throws -> [LoggedTask]

    /// The owners that have a task of a subject.
    func owners(of subject: LogSubject) async throws -> Set<OwnerName>

    /// The same tasks as they are now, followed by their changes.
    ///
    /// - Throws: An error if a named id is unknown, also from the sequence.
    func changes(
        of owner: OwnerName, _ subjects: [LogSubject]
    ) throws -> any AsyncSequence<LogChange, any Error> & Sendable

    func output(
        of id: TaskID, _ selection: LogSelection
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable
}

/// Reads output through the manager, which queries the workers.
struct ManagerOutput: OutputSource {
    let client: ManagerClient

    func tasks(of owner: OwnerName, _ subjects: [LogSubject]) async throws -> [LoggedTask] {
        try await statuses(of: owner, subjects).map(LoggedTask.init)
    }

    func owners(of subject: LogSubject) async throws -> Set<OwnerName> {
        let tasks = try await client.tasks(name: subject.workload).tasks
        return Set(tasks.filter { subject.matches(LoggedTask($0)) }.map(\.owner))
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
        for id in ids {
            do { tasks.append(try await client.task(id)) } catch let error as APIError
                where error.reason == .taskNotFound
            {
                // The caller reports all subjects without a task together.
            }
        }
        guard ids.count < subjects.count || subjects.isEmpty else { return tasks }
        return tasks + (try await client.tasks(owner: owner).tasks.filter { !ids.contains($0.id) })
    }
}

/// Reads output from the files of the workers of a data directory, while no manager is running there.
struct LocalOutput: OutputSource {
    private let stores: [StoredTasks]

    /// - Returns: `nil` if no worker has ever run on the data directory.
    init?(data: DataDirectory) {
        stores = data.workers.map { data.tasks(of: $0) }
        if stores.isEmpty { return nil }
    }

    func tasks(of owner: OwnerName, _ subjects: [LogSubject]) throws -> [LoggedTask] {
        try all().map(\.task)
            .filter { $0.assignment.owner == owner || subjects.identifiers.contains($0.assignment.id) }
            .map(LoggedTask.init)
    }

    func owners(of subject: LogSubject) throws -> Set<OwnerName> {
        Set(try all().map(\.task).filter { subject.matches(LoggedTask($0)) }.map(\.assignment.owner))
    }

    /// Lists the tasks once. Without a manager, no new tasks start.
    func changes(
        of owner: OwnerName, _ subjects: [LogSubject]
    ) throws -> any AsyncSequence<LogChange, any Error> & Sendable {
        let tasks = try tasks(of: owner, subjects)
        for id in subjects.identifiers where !tasks.contains(where: { $0.id == id }) {
            throw Failure("task \(id): not found on any worker of this data directory")
        }
        return AsyncThrowingStream { continuation in
            continuation.yield(.listed(tasks))
            continuation.finish()
        }
    }

    func output(
        of id: TaskID, _ selection: LogSelection
    ) throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        guard let store = try all().first(where: { $0.task.assignment.id == id })?.store else {
            throw Failure("task \(id): not found on any worker of this data directory")
        }
        return store.logs(id, selection)
    }

    private func all() throws -> [(task: StoredTasks.Task, store: StoredTasks)] {
        try stores.flatMap { store in try store.tasks().map { ($0, store) } }
    }
}

extension OutputSource {
    /// The other owner that has a task of each subject, if it is the same and only one for all of them.
    func otherOwner(than owner: OwnerName, of subjects: [LogSubject]) async throws -> OtherOwner? {
        var owners: Set<Set<OwnerName>> = []
        for subject in subjects { owners.insert(try await self.owners(of: subject)) }
        guard let common = owners.first, owners.count == 1 else { return nil }
        return OtherOwner(than: owner, among: common)
    }
}

extension [LogSubject] {
    /// The ids of tasks that are named by id.
    fileprivate var identifiers: [TaskID] {
        compactMap { subject in if case .task(let id) = subject { id } else { nil } }
    }
}
