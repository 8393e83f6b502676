import CubeCore
import CubeErrors
import CubeManagerClient
import CubeTransport
public import CubeTypes
import Synchronization

extension OrchestratorClient {
    /// How often it looks anew for a place where somebody else was quicker.
    private static let attempts = 10
    /// How many stops are asked for at the same time.
    private static let width = 32

    /// Schedules a new task: beside those of its name that live, in the first ordinal that is free.
    ///
    /// - Parameters:
    ///   - definition: what the task is.
    ///   - owner: default: that of the client.
    ///   - fence: that of the owner's lease; the owner `manual` needs none.
    ///   - pass: counts what is decided under one lease; lower than one before is refused.
    /// - Returns: the task, which is still to start.
    /// - Throws: `lease_required`, `stale_fence`, `validation_failed`.
    @discardableResult
    public func schedule(
        _ definition: TaskDefinition, owner: OwnerName? = nil, fence: Int = 0, pass: Int = 0
    ) async throws -> TaskStatus {
        try await schedule(definition, owner: owner ?? self.owner, fence: fence, pass: pass, for: nil)
    }

    /// - Parameter observation: that of the wait which it is a part of: a manager that is away is waited for then.
    private func schedule(
        _ definition: TaskDefinition, owner: OwnerName, fence: Int, pass: Int, for observation: Observation?
    ) async throws -> TaskStatus {
        func ask<Answer>(_ call: () async throws -> Answer) async throws -> Answer {
            guard let observation else { return try await call() }
            return try await manager.untilServed(onChange: observation.meet, call)
        }
        if owner == .manual {
            // Given an id here, so that it is the same task each time it is asked for.
            let definition = definition.identified
            return try await ask { try await manager.schedule(definition) }
        }
        var attempt = 1
        while true {
            let known = try await ask { try await manager.tasks(owner: owner, name: definition.name) }
            let request = Self.request(definition, owner: owner, fence: fence, pass: pass, known: known)
            do {
                let (task, created) = try await ask { try await manager.schedule(request) }
                // One that was there is somebody else's, who asked for the same at the same time, or our own, whose answer was lost.
                if created || !known.tasks.contains(where: { $0.id == task.id }) { return task }
                guard attempt < Self.attempts else { return task }
            } catch let error as APIError
                where [.staleAttempt, .maxLive].contains(error.reason) && attempt < Self.attempts
            {
                // Somebody else was quicker.
            }
            attempt += 1
        }
    }

    /// Schedules a new task and waits until it is ready, or, if it is a job, until it completed.
    ///
    /// - Parameters:
    ///   - definition: what the task is.
    ///   - limit: how long it may take in all, the scheduling included. The task goes on when that is over.
    ///   - owner: default: that of the client.
    ///   - fence: that of the owner's lease; the owner `manual` needs none.
    ///   - pass: counts what is decided under one lease; lower than one before is refused.
    /// - Returns: the task as it is then.
    /// - Throws: as ``schedule(_:owner:fence:pass:)`` and ``waitUntilReady(_:within:)``. When its own task is cancelled,
    ///   `cancelled`: its detail `task` is the id of the task that goes on, and `definition` the id by which that is scheduled
    ///   again without a second one.
    @discardableResult
    public func run(
        _ definition: TaskDefinition, within limit: Duration, owner: OwnerName? = nil, fence: Int = 0, pass: Int = 0
    ) async throws -> TaskStatus {
        let observation = Observation()
        let owner = owner ?? self.owner
        // Given an id here, so that whoever gets no answer can ask for the same task again.
        let definition = owner == .manual ? definition.identified : definition
        let what = "scheduling \(definition.name)" + (definition.id.map { " (id \"\($0)\")" } ?? "")
        let id = definition.id.map { ["definition": $0] } ?? [:]
        do {
            return try await waiting(for: what, within: limit, observation) {
                let task = try await schedule(definition, owner: owner, fence: fence, pass: pass, for: observation)
                return try await ready(task, observation)
            }
        } catch is CancellationError {
            guard let task = observation.task else {
                throw APIError(.cancelled, "\(what): cancelled; the task may have been scheduled", details: id)
            }
            throw APIError(
                .cancelled, "cancelled; \(task.name)/\(task.ordinal) (task \(task.id)) goes on",
                details: ["task": task.id.rawValue].merging(id) { $1 })
        } catch var error as APIError where error.reason == .timeout && observation.task == nil {
            error.details = (error.details ?? [:]).merging(id) { $1 }
            throw error
        }
    }

    /// Waits until a task is ready, or, if it is a job, until it completed.
    ///
    /// - Parameters:
    ///   - id: the task's.
    ///   - limit: how long to wait in all, whatever the manager does. One that is away is waited for.
    /// - Returns: the task as it is then.
    /// - Throws: `task_failed` where it ended in another way; `timeout` where it is not ready in time. Both say why, as far as it
    ///   is known, and have these details: `task`, `state`, `reason`, and `log`, the last lines that it wrote.
    @discardableResult
    public func waitUntilReady(_ id: TaskID, within limit: Duration) async throws -> TaskStatus {
        let observation = Observation()
        return try await waiting(for: "task \(id)", within: limit, observation) {
            let task = try await manager.untilServed(onChange: observation.meet) { try await manager.task(id) }
            return try await ready(task, observation)
        }
    }

    /// Asks a task to end, and waits until it did.
    ///
    /// - Parameters:
    ///   - id: the task's.
    ///   - limit: how long to wait in all, whatever the manager does. One that is away is waited for.
    /// - Returns: the task as it ended.
    /// - Throws: `task_not_found`; `timeout` where it has not ended in time.
    @discardableResult
    public func stop(_ id: TaskID, within limit: Duration) async throws -> TaskStatus {
        let observation = Observation()
        return try await waiting(for: "stopping task \(id)", within: limit, observation) {
            let task = try await manager.untilServed(onChange: observation.meet) { try await manager.stop(id) }
            return try await observing(task, observation) { $0.state.hasEnded ? $0 : nil }
        }
    }

    /// Asks all tasks of an owner to end, also those that come meanwhile, and waits until they did.
    ///
    /// - Parameters:
    ///   - owner: default: that of the client.
    ///   - limit: how long to wait in all, whatever the manager does. One that is away is waited for.
    /// - Returns: how many it asked.
    /// - Throws: `timeout` where some have not ended in time; the detail `tasks` names them.
    @discardableResult
    public func stopAll(of owner: OwnerName? = nil, within limit: Duration) async throws -> Int {
        let owner = owner ?? self.owner
        let seen = Mutex<[TaskID: String]?>(nil)
        let trouble = Mutex<APIError?>(nil)
        do {
            return try await within(limit) {
                var living: [TaskID: String] = [:]
                var asked: Set<TaskID> = []
                let meet: @Sendable (APIError?) -> Void = { error in trouble.withLock { $0 = error } }
                for try await event in manager.watch(owner: owner).tellingOutages(to: meet) {
                    event.apply(to: &living)
                    seen.withLock { [living] in $0 = living }
                    let new = Set(living.keys).subtracting(asked)
                    try await stop(new, onChange: meet)
                    asked.formUnion(new)
                    if living.isEmpty { break }
                }
                try Task.checkCancellation()
                return asked.count
            }
        } catch is Overdue {
            guard let living = seen.withLock(\.self) else {
                throw Self.silence("stopping the tasks of \(owner)", trouble.withLock(\.self), after: limit)
            }
            let names = living.values.sorted()
            let outage = trouble.withLock(\.self).map { "; the manager does not answer: \($0.message)" } ?? ""
            throw APIError(
                .timeout,
                "after \(limit.text), \(Count(names.count, "task").verb("of \(owner) has", "of \(owner) have")) not ended"
                    + outage,
                details: ["tasks": Self.short(names)])
        }
    }

    /// At most ten names, and how many more there are.
    private static func short(_ names: [String]) -> String {
        names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }

    /// Asks tasks to end, some at a time.
    private func stop(_ ids: Set<TaskID>, onChange: @Sendable @escaping (APIError?) -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, id) in ids.enumerated() {
                if index >= Self.width { try await group.next() }
                group.addTask { _ = try await manager.untilServed(onChange: onChange) { try await manager.stop(id) } }
            }
            try await group.waitForAll()
        }
    }

    private static func request(
        _ definition: TaskDefinition, owner: OwnerName, fence: Int, pass: Int, known: TaskList
    ) -> ScheduleRequest {
        let taken = Set(known.tasks.filter { !$0.state.hasEnded }.map(\.ordinal))
        let ordinal = (0...).first { !taken.contains($0) } ?? 0
        let attempt = known.slots.first { $0.name == definition.name && $0.ordinal == ordinal }?.next ?? 0
        let proposal = TaskProposal(
            id: .derive(
                cluster: known.cluster, owner: owner, name: definition.name, ordinal: ordinal, attempt: attempt,
                digest: definition.specDigest),
            name: definition.name, ordinal: ordinal, attempt: attempt, specDigest: definition.specDigest,
            settingsDigest: definition.settingsDigest, definition: definition)
        return ScheduleRequest(owner: owner, fence: fence, pass: pass, maxLive: taken.count + 1, task: proposal)
    }
}

extension TaskWatchEvent {
    /// Keeps the tasks that live up to date, each with its slot as messages name it.
    fileprivate func apply(to living: inout [TaskID: String]) {
        switch self {
        case .listed(let list):
            living = [:]
            for task in list.tasks { task.apply(to: &living) }
        case .changed(let changes):
            for id in changes.removed { living[id] = nil }
            for task in changes.changed { task.apply(to: &living) }
        }
    }
}

extension TaskStatus {
    fileprivate func apply(to living: inout [TaskID: String]) {
        living[id] = state.hasEnded ? nil : "\(name)/\(ordinal)"
    }
}
