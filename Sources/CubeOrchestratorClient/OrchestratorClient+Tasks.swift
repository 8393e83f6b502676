import CubeCore
import CubeErrors
import CubeManagerClient
import CubeTransport
public import CubeTypes

extension OrchestratorClient {
    /// How often it looks anew for a place where somebody else was quicker.
    private static let attempts = 10
    /// How many stops are asked for at the same time.
    private static let width = 32
    /// How many lines of output an error tells.
    private static let lines = 20

    /// Schedules a new task: beside those of its name that live, in the first ordinal that is free.
    ///
    /// - Parameters:
    ///   - definition: what the task is.
    ///   - owner: default: that of the client.
    ///   - fence: that of the owner's lease; the owner `manual` needs none.
    ///   - pass: counts what is decided under one lease; lower than one before is refused.
    /// - Returns: the task, which is still to start.
    /// - Throws: `lease_required`, `stale_fence`, `validation_failed`.
    public func schedule(
        _ definition: TaskDefinition, owner: OwnerName? = nil, fence: Int = 0, pass: Int = 0
    ) async throws -> TaskStatus {
        let owner = owner ?? self.owner
        var attempt = 1
        while true {
            let known = try await manager.tasks(owner: owner, name: definition.name)
            let request = Self.request(definition, owner: owner, fence: fence, pass: pass, known: known)
            do {
                let (task, created) = try await manager.schedule(request)
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
    ///   - limit: how long to wait. The task goes on when that is over.
    ///   - owner: default: that of the client.
    ///   - fence: that of the owner's lease; the owner `manual` needs none.
    ///   - pass: counts what is decided under one lease; lower than one before is refused.
    /// - Throws: as ``schedule(_:owner:fence:pass:)`` and ``waitUntilReady(_:within:)``.
    public func run(
        _ definition: TaskDefinition, within limit: Duration, owner: OwnerName? = nil, fence: Int = 0, pass: Int = 0
    ) async throws -> TaskStatus {
        let task = try await schedule(definition, owner: owner, fence: fence, pass: pass)
        return try await waitUntilReady(task.id, within: limit)
    }

    /// Waits until a task is ready, or, if it is a job, until it completed.
    ///
    /// - Parameters:
    ///   - id: the task's.
    ///   - limit: how long to wait.
    /// - Throws: `task_failed` where it ended in another way; `timeout` where it is not ready in time. Both say why, as far as it
    ///   is known, and have these details: `task`, `state`, `reason`, and `log`, the last lines that it wrote.
    public func waitUntilReady(_ id: TaskID, within limit: Duration) async throws -> TaskStatus {
        let first = try await manager.task(id)
        do {
            return try await observing(first, within: limit) { task in
                if task.state == .failed || task.state == .stopped { throw Self.error(.taskFailed, task) }
                let isReady =
                    task.definition.kind == .job ? task.state == .completed : task.ready || task.state.hasEnded
                return isReady ? task : nil
            }
        } catch let error as APIError where error.reason == .taskFailed {
            throw await withLog(error, of: id)
        } catch is Overdue {
            let task = try await manager.task(id)
            throw await withLog(Self.error(.timeout, task, after: limit), of: id)
        }
    }

    /// Asks a task to end, and waits until it did.
    ///
    /// - Parameters:
    ///   - id: the task's.
    ///   - limit: how long to wait.
    /// - Returns: the task as it ended.
    /// - Throws: `task_not_found`; `timeout` where it has not ended in time.
    public func stop(_ id: TaskID, within limit: Duration) async throws -> TaskStatus {
        let task = try await manager.stop(id)
        do {
            return try await observing(task, within: limit) { $0.state.hasEnded ? $0 : nil }
        } catch is Overdue {
            throw Self.error(.timeout, try await manager.task(id), after: limit)
        }
    }

    /// Asks all tasks of an owner to end, also those that come meanwhile, and waits until they did.
    ///
    /// - Parameters:
    ///   - owner: default: that of the client.
    ///   - limit: how long to wait.
    /// - Returns: how many it asked.
    /// - Throws: `timeout` where some have not ended in time; the detail `tasks` names them.
    public func stopAll(of owner: OwnerName? = nil, within limit: Duration) async throws -> Int {
        let owner = owner ?? self.owner
        do {
            return try await within(limit) {
                var living: Set<TaskID> = []
                var asked: Set<TaskID> = []
                return try await changes(of: owner, since: nil) { event in
                    event.apply(to: &living)
                    let new = living.subtracting(asked)
                    try await stop(new)
                    asked.formUnion(new)
                    return living.isEmpty ? asked.count : nil
                }
            }
        } catch is Overdue {
            let living = try await manager.tasks(owner: owner).tasks.filter { !$0.state.hasEnded }
            let names = living.map { "\($0.name)/\($0.ordinal)" }.sorted()
            throw APIError(
                .timeout,
                "after \(limit.text), \(Count(names.count, "task").verb("of \(owner) has", "of \(owner) have")) not ended",
                details: ["tasks": Self.short(names)], isFromServer: false)
        }
    }

    /// At most ten names, and how many more there are.
    private static func short(_ names: [String]) -> String {
        names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }

    /// Asks tasks to end, some at a time.
    private func stop(_ ids: Set<TaskID>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, id) in ids.enumerated() {
                if index >= Self.width { try await group.next() }
                group.addTask { _ = try await manager.stop(id) }
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

    private static func error(_ reason: ErrorReason, _ task: TaskStatus, after limit: Duration? = nil) -> APIError {
        let why = [task.reason?.rawValue, task.message].compactMap(\.self).joined(separator: ": ")
        return APIError(
            reason,
            "\(task.name)/\(task.ordinal) is \(task.state)" + (limit.map { " after \($0.text)" } ?? "")
                + (why.isEmpty ? "" : " (\(why))"),
            details: [
                "task": task.id.rawValue, "state": task.state.rawValue, "reason": task.reason?.rawValue,
            ].compactMapValues(\.self), isFromServer: false)
    }

    /// The error with the last lines that the task wrote, where they can be had: without them it still says what it must.
    private func withLog(_ error: APIError, of id: TaskID) async -> APIError {
        var error = error
        do {
            var lines: [String] = []
            for try await line in try await manager.logs(id, tail: Self.lines).lines { lines.append(line) }
            error.details?["log"] = lines.joined(separator: "\n")
        } catch {}
        return error
    }
}

extension TaskWatchEvent {
    /// Keeps a set of the tasks that live up to date.
    fileprivate func apply(to living: inout Set<TaskID>) {
        switch self {
        case .listed(let list): living = Set(list.tasks.filter { !$0.state.hasEnded }.map(\.id))
        case .changed(let changes):
            living.subtract(changes.removed)
            for task in changes.changed {
                if task.state.hasEnded { living.remove(task.id) } else { living.insert(task.id) }
            }
        }
    }
}
