package import CubeCore
package import CubeErrors
package import CubeTypes
import HashTreeCollections
import Synchronization

extension ManagerService {
    package nonisolated func schedule(
        _ request: ScheduleRequest
    ) async throws -> (task: TaskStatus, created: Bool) {
        try await write(reviewing: DefinitionReview(of: request)) { (transaction) throws(APIError) in
            try transaction.schedule(request)
        }
    }

    /// Schedules a task of the owner `manual` from its definition alone.
    package nonisolated func schedule(
        _ definition: TaskDefinition
    ) async throws -> (task: TaskStatus, created: Bool) {
        try await write(reviewing: DefinitionReview(of: definition)) { (transaction) throws(APIError) in
            try transaction.schedule(definition)
        }
    }

    package nonisolated func batch(_ request: BatchRequest) async throws -> BatchAnswer {
        var answer = try await write(reviewing: DefinitionReview(of: request)) { (transaction) throws(APIError) in
            try transaction.batch(request)
        }
        if let since = request.since {
            // The changes are optional: a caller whose revision is too old for them lists the tasks again.
            answer.changes = try? await changes(of: request.owner, since: since.revision, term: since.term).complete
        }
        return answer
    }

    /// Reviews the definitions in a command beside the writer, unless the manager would refuse any command, and queues it.
    private nonisolated func write<Answer: Sendable>(
        reviewing review: @autoclosure () -> DefinitionReview,
        _ command: @escaping @Sendable (inout ClusterTransaction) throws(APIError) -> Answer
    ) async throws -> Answer {
        try await checkReadiness()
        return try await write(reviewed: review(), command)
    }

    package func updateSettings(
        _ update: SettingsUpdate, owner: OwnerName, fence: Int, pass: Int
    ) async throws -> TaskStatus {
        let writer = Writer(owner: owner, fence: fence, pass: pass)
        return try await write { (transaction) throws(APIError) in
            try transaction.updateSettings(update, by: writer)
        }
    }

    /// Transfers a live task to another owner.
    package func adopt(_ id: TaskID, _ request: AdoptRequest) async throws -> TaskStatus {
        try await write { (transaction) throws(APIError) in try transaction.adopt(id, request) }
    }

    /// Stops a task by its id, whatever its owner.
    package func stop(_ id: TaskID) async throws -> TaskStatus {
        try await write { (transaction) throws(APIError) in try transaction.stop(id) }
    }

    package nonisolated func task(_ id: TaskID) async throws -> TaskStatus { try record(of: id).status }

    /// Returns the output of a task from its worker.
    ///
    /// - Throws: `task_not_found`; `conflict` if the task was never assigned to a node.
    package func logs(
        _ id: TaskID, _ selection: LogSelection
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        let task = try record(of: id)
        guard let name = task.status.node else {
            let slot = "\(task.status.name)/\(task.status.ordinal)"
            throw APIError(
                .conflict,
                "\(slot) (task \(id)) has no output: it is \(task.phase.state) and was never assigned to a node")
        }
        guard let node = state.records.nodes[name] else {
            throw APIError(
                .workerNotFound,
                "the output of \(task.status.name)/\(task.status.ordinal) (task \(id)) is lost: its node \(name) was removed"
            )
        }
        return try await gateway.verifying(name).logs(id, selection, at: node.worker.url)
    }

    /// - Throws: `task_not_found`.
    package nonisolated func record(of id: TaskID) throws(APIError) -> TaskRecord {
        guard let task = readable.withLock({ $0 }).state.records.tasks[id] else {
            throw APIError(.taskNotFound, "task \(id): not found")
        }
        return task
    }
}

// MARK: - Lists

extension ManagerService {
    /// The maximum number of tasks per page.
    package static let pageLimit = 1000

    /// Returns one page of tasks, ordered by owner, name, ordinal and attempt. With a cursor, it returns the next page
    /// of the cursor's list and ignores the filters.
    ///
    /// - Throws: `revision_gone` if the list must start again; `validation_failed`.
    package func page(
        owner: OwnerName?, name: WorkloadName?, state wanted: TaskState?, limit: Int, cursor: String?
    ) async throws -> Listing<TaskList> {
        guard (1...Self.pageLimit).contains(limit) else {
            throw APIError.invalid([
                ValidationError(field: "limit", value: "\(limit)", message: "must be from 1 to \(Self.pageLimit)")
            ])
        }
        guard let cursor else {
            let owners = owner.map { [$0] } ?? state.index.slots.keys.sorted()
            let slots = owners.map { slotOrder.sorted(state.index.slots[$0] ?? [], of: $0) }
            let snapshot = ListSnapshots.Snapshot(
                state: state, owner: owner, name: name, wanted: wanted, slots: slots)
            return page(of: snapshot, limit: limit, after: nil)
        }
        let position = try ListCursor(text: cursor)
        guard position.term == state.term, let snapshot = snapshots.snapshot(position.snapshot) else {
            throw APIError(.revisionGone, "the cursor has expired; list the tasks again")
        }
        return page(of: snapshot, limit: limit, after: position)
    }

    /// Returns one page of tasks, as ``page(owner:name:state:limit:cursor:)`` does.
    package func list(
        owner: OwnerName?, name: WorkloadName?, state: TaskState?, limit: Int, cursor: String?
    ) async throws -> TaskList {
        try await page(owner: owner, name: name, state: state, limit: limit, cursor: cursor).complete
    }

    private func page(
        of snapshot: ListSnapshots.Snapshot, limit: Int, after position: ListCursor?
    ) -> Listing<TaskList> {
        let then = snapshot.state
        let (tasks, next) = snapshot.tasks(from: position?.place ?? .init(), limit: limit)
        var list = TaskList(cluster: then.cluster, term: then.term, revision: then.revision, tasks: [])
        if let next {
            // Keep the snapshot even at the last page, for a caller that repeats the request because it did not get the
            // answer.
            let number = position?.snapshot ?? snapshots.keep(snapshot)
            list.cursor = ListCursor(term: then.term, snapshot: number, place: next).text
        } else if let owner = snapshot.owner {
            list.slots = snapshot.slots.joined().compactMap { then.records.slots[$0]?.status }
            list.owner = then.records.owners[owner].map(then.status(of:))
        }
        return Listing(answer: list, tasks: tasks)
    }

    /// Returns the changes of an owner's tasks after a revision; waits for a change if there is none.
    ///
    /// - Throws: `revision_gone` if the changes are no longer known; list the tasks again.
    package func changedTasks(
        owner: OwnerName, since revision: Int, term: Int, wait: Duration
    ) async throws -> Listing<TaskChanges> {
        let changes = try await self.wait(for: .owner(owner), upTo: wait) {
            let changes = try self.changes(of: owner, since: revision, term: term)
            return changes.isEmpty ? nil : changes
        }
        return try changes ?? self.changes(of: owner, since: revision, term: term)
    }

    /// Returns the changes of an owner's tasks, as ``changedTasks(owner:since:term:wait:)`` does.
    package func changes(
        owner: OwnerName, since revision: Int, term: Int, wait: Duration
    ) async throws -> TaskChanges {
        try await changedTasks(owner: owner, since: revision, term: term, wait: wait).complete
    }

    private func changes(
        of owner: OwnerName, since revision: Int, term: Int
    ) throws(APIError) -> Listing<TaskChanges> {
        guard term == state.term else {
            throw APIError(
                .revisionGone, "term \(term) is over, the current term is \(state.term); list the tasks again")
        }
        guard revision <= state.revision, let items = changeLog.changes(of: owner, since: revision) else {
            throw APIError(
                .revisionGone, "the changes since revision \(revision) are no longer known; list the tasks again")
        }
        var changes = TaskChanges(term: term, revision: state.revision)
        var slots: [SlotKey] = []
        var tasks: [TaskRecord] = []
        for item in items {
            switch item {
            case .task(let id):
                if let task = state.records.tasks[id], task.slot.owner == owner {
                    tasks.append(task)
                } else {
                    changes.removed.append(id)
                }
            case .slot(let slot): slots.append(slot)
            case .owner:
                changes.owner = state.records.owners[owner].map { state.changedStatus(of: $0, since: revision) }
            }
        }
        changes.removed.sort()
        changes.slots = slots.sorted().compactMap { state.records.slots[$0]?.status }
        return Listing(answer: changes, tasks: tasks.sorted { ($0.slot, $0.attempt) < ($1.slot, $1.attempt) })
    }
}

/// An answer with tasks, whose records are apart from it: a caller that knows a task at its revision needs nothing but the record.
package struct Listing<Answer: Sendable>: Sendable {
    /// The answer without its tasks.
    package var answer: Answer
    /// The tasks, in the order of the answer.
    package let tasks: [TaskRecord]
}

extension Listing<TaskList> {
    fileprivate var complete: TaskList {
        var list = answer
        list.tasks = tasks.map(\.status)
        return list
    }
}

extension Listing<TaskChanges> {
    fileprivate var complete: TaskChanges {
        var changes = answer
        changes.changed = tasks.map(\.status)
        return changes
    }

    fileprivate var isEmpty: Bool {
        tasks.isEmpty && answer.removed.isEmpty && answer.slots.isEmpty && answer.owner == nil
    }
}
