import CubeErrors
import CubeManagerClient
import CubeTransport
import CubeTypes

/// What was waited for has not come in time.
struct Overdue: Error {}

extension OrchestratorClient {
    /// What to wait before a manager that is away is asked again.
    static let patience: Duration = .seconds(1)

    /// Waits until a task is what `judge` waits for.
    ///
    /// - Parameters:
    ///   - task: as it was last.
    ///   - judge: answers `nil` to wait on.
    /// - Throws: ``Overdue``; what `judge` throws; `task_not_found` where it is gone.
    func observing<Value: Sendable>(
        _ task: TaskStatus, within limit: Duration?, _ judge: @Sendable @escaping (TaskStatus) throws -> Value?
    ) async throws -> Value {
        if let value = try judge(task) { return value }
        let watch: @Sendable () async throws -> Value = {
            try await changes(of: task.owner, since: task.revision) { event in
                switch event {
                case .listed(let list):
                    guard let now = list.tasks.first(where: { $0.id == task.id }) else {
                        throw APIError(.taskNotFound, "task \(task.id) is gone")
                    }
                    return try judge(now)
                case .changed(let changes):
                    if changes.removed.contains(task.id) { throw APIError(.taskNotFound, "task \(task.id) is gone") }
                    return try changes.changed.first { $0.id == task.id }.flatMap(judge)
                }
            }
        }
        guard let limit else { return try await watch() }
        return try await within(limit, watch)
    }

    /// - Throws: ``Overdue`` where `body` has no result after `limit`.
    func within<Value: Sendable>(
        _ limit: Duration, _ body: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await body() }
            group.addTask {
                try await clock.sleep(for: limit)
                return nil
            }
            guard let first = try await group.next(), let value = first else { throw Overdue() }
            return value
        }
    }

    /// Takes in what changes of an owner until `take` has a result. A manager that is away is waited for.
    ///
    /// - Parameter revision: all up to it is known; `nil` begins with everything.
    func changes<Value: Sendable>(
        of owner: OwnerName, since revision: Int?, _ take: (TaskWatchEvent) async throws -> Value?
    ) async throws -> Value {
        var position: WatchPosition?
        if let revision {
            position = WatchPosition(revision: revision, term: try await bearing { try await manager.cluster().term })
        }
        while true {
            do {
                for try await event in manager.watch(owner: owner, since: position) {
                    if let value = try await take(event) { return value }
                    position = event.position
                }
            } catch let error as APIError where error.isPassing {
                try await clock.sleep(for: Self.patience)
            }
        }
    }

    /// Asks until somebody answers.
    func bearing<Value>(_ ask: () async throws -> Value) async throws -> Value {
        while true {
            do {
                return try await ask()
            } catch let error as APIError where error.isPassing {
                try await clock.sleep(for: Self.patience)
            }
        }
    }
}

extension APIError {
    /// Whether nobody served the call, so that it is worth waiting for somebody who does.
    var isPassing: Bool { retry && [.unavailable, .timeout, .tooManyRequests, .notLeader].contains(reason) }
}
