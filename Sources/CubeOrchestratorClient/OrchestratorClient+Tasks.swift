import CubeCore
import CubeErrors
import CubeManagerClient
import CubeTransport
public import CubeTypes
import Synchronization

extension OrchestratorClient {
    /// How often to choose another slot when a concurrent caller took the chosen one.
    private static let attempts = 10
    /// The maximum number of concurrent stop calls.
    private static let width = 32

    /// Schedules a new task. It runs beside the live tasks of the same name and takes the first free ordinal.
    ///
    /// - Parameters:
    ///   - definition: the definition of the task.
    ///   - owner: the owner; by default, the owner of the client.
    ///   - fence: the fence of the owner's lease; the owner `manual` needs none.
    ///   - pass: the number of the pass under the lease; the manager rejects a pass lower than an earlier one.
    /// - Returns: the new task, which has not started yet.
    /// - Throws: `lease_required`, `stale_fence`, `validation_failed`.
    @discardableResult
    public func schedule(
        _ definition: TaskDefinition, owner: OwnerName? = nil, fence: Int = 0, pass: Int = 0
    ) async throws -> TaskStatus {
        try await schedule(definition, owner: owner ?? self.owner, fence: fence, pass: pass, for: nil)
    }

    /// - Parameter observation: the observations of the wait that this call is part of. The call then also waits for an
    ///   unreachable manager.
    private func schedule(
        _ definition: TaskDefinition, owner: OwnerName, fence: Int, pass: Int, for observation: Observation?
    ) async throws -> TaskStatus {
        func ask<Answer>(_ call: () async throws -> Answer) async throws -> Answer {
            guard let observation else { return try await call() }
            return try await manager.untilServed(onChange: observation.meet, call)
        }
        if owner == .manual {
            // The id is generated here, so that every attempt requests the same task.
            let definition = definition.identified(by: manager.random)
            return try await ask { try await manager.schedule(definition) }
        }
        var attempt = 1
        while true {
            let known = try await ask { try await manager.tasks(owner: owner, name: definition.name) }
            let request = Self.request(definition, owner: owner, fence: fence, pass: pass, known: known)
            do {
                let (task, created) = try await ask { try await manager.schedule(request) }
                // An existing task is either our own, created by a call whose response was lost, or that of a concurrent caller.
                if created || !known.tasks.contains(where: { $0.id == task.id }) { return task }
                guard attempt < Self.attempts else { return task }
            } catch let error as APIError
                where [.staleAttempt, .maxLive].contains(error.reason) && attempt < Self.attempts
            {
                // A concurrent caller took the slot.
            }
            attempt += 1
        }
    }

    /// Schedules a new task and waits until it is ready; a job, until it has completed.
    ///
    /// - Parameters:
    ///   - definition: the definition of the task.
    ///   - limit: the maximum total time, including scheduling. After that time, the task continues to run.
    ///   - owner: the owner; by default, the owner of the client.
    ///   - fence: the fence of the owner's lease; the owner `manual` needs none.
    ///   - pass: the number of the pass under the lease; the manager rejects a pass lower than an earlier one.
    /// - Returns: the status of the task when it is ready or completed.
    /// - Throws: the errors of ``schedule(_:owner:fence:pass:)`` and ``waitUntilReady(_:within:)``. If the calling Swift task is
    ///   cancelled, it throws `cancelled`. The detail `task` is then the id of the task, which continues to run. The detail
    ///   `definition` is the id of the definition; scheduling the definition under that id again creates no second task.
    @discardableResult
    public func run(
        _ definition: TaskDefinition, within limit: Duration, owner: OwnerName? = nil, fence: Int = 0, pass: Int = 0
    ) async throws -> TaskStatus {
        let observation = Observation()
        let owner = owner ?? self.owner
        // The id is generated here, so that a caller without a response can request the same task again.
        let definition = owner == .manual ? definition.identified(by: manager.random) : definition
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
                .cancelled, "cancelled; \(task.name)/\(task.ordinal) (task \(task.id)) continues to run",
                details: ["task": task.id.rawValue].merging(id) { $1 })
        } catch var error as APIError where error.reason == .timeout && observation.task == nil {
            error.details = (error.details ?? [:]).merging(id) { $1 }
            throw error
        }
    }

    /// Waits until a task is ready; a job, until it has completed.
    ///
    /// - Parameters:
    ///   - id: the id of the task.
    ///   - limit: the maximum total time. If the manager is unreachable, the call waits for it.
    /// - Returns: the status of the task when it is ready or completed.
    /// - Throws: `task_failed` if the task ended otherwise; `timeout` if the task is not ready in time. Both contain the reason, as
    ///   far as it is known, and the details `task`, `state`, `reason` and `log` (the last lines of output).
    @discardableResult
    public func waitUntilReady(_ id: TaskID, within limit: Duration) async throws -> TaskStatus {
        let observation = Observation()
        return try await waiting(for: "task \(id)", within: limit, observation) {
            let task = try await manager.untilServed(onChange: observation.meet) { try await manager.task(id) }
            return try await ready(task, observation)
        }
    }

    /// Stops a task, and waits until it has ended.
    ///
    /// - Parameters:
    ///   - id: the id of the task.
    ///   - limit: the maximum total time. If the manager is unreachable, the call waits for it.
    /// - Returns: the final status of the task.
    /// - Throws: `task_not_found`; `timeout` if the task has not ended in time.
    @discardableResult
    public func stop(_ id: TaskID, within limit: Duration) async throws -> TaskStatus {
        let observation = Observation()
        return try await waiting(for: "stopping task \(id)", within: limit, observation) {
            let task = try await manager.untilServed(onChange: observation.meet) { try await manager.stop(id) }
            return try await observing(task, observation) { $0.state.hasEnded ? $0 : nil }
        }
    }

    /// Stops all tasks of an owner, including tasks that are scheduled meanwhile, and waits until they have ended.
    ///
    /// - Parameters:
    ///   - owner: the owner; by default, the owner of the client.
    ///   - limit: the maximum total time. If the manager is unreachable, the call waits for it.
    /// - Returns: the number of stopped tasks.
    /// - Throws: `timeout` if tasks have not ended in time; the detail `tasks` lists them.
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
        } catch is DeadlineExceeded {
            guard let living = seen.withLock(\.self) else {
                throw Self.silence("stopping the tasks of \(owner)", trouble.withLock(\.self), after: limit)
            }
            let names = living.values.sorted()
            let outage = trouble.withLock(\.self).map { "; the manager does not respond: \($0.message)" } ?? ""
            throw APIError(
                .timeout,
                "\(Count(names.count, "task").verb("of \(owner) has", "of \(owner) have")) not ended after \(limit.text)"
                    + outage,
                details: ["tasks": Self.short(names)])
        }
    }

    /// Returns at most ten names, and the number of further names.
    private static func short(_ names: [String]) -> String {
        names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }

    /// Stops tasks, a limited number at a time.
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
    /// Updates the live tasks, each with the name of its slot for messages.
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
