import CubeErrors
import CubeManagerClient
import CubeTransport
import CubeTypes
import Synchronization

/// What one wait has learnt so far: it is all that the error at its end can tell, as nothing is asked after the deadline.
final class Observation: Sendable {
    private struct State {
        var task: TaskStatus?
        var log: String?
        var failure: APIError?
        var trouble: APIError?
    }

    private let state = Mutex(State())

    /// The task as it was seen last.
    var task: TaskStatus? { state.withLock(\.task) }
    /// The last lines that it wrote, where they were read.
    var log: String? { state.withLock(\.log) }
    /// Why the task will not become what is waited for.
    var failure: APIError? { state.withLock(\.failure) }
    /// Why the manager did not answer last; `nil` when it did.
    var trouble: APIError? { state.withLock(\.trouble) }

    func see(_ task: TaskStatus) { state.withLock { $0.task = task } }
    func read(_ log: String) { state.withLock { $0.log = log } }
    func fail(_ failure: APIError) { state.withLock { $0.failure = failure } }
    func meet(_ trouble: APIError?) { state.withLock { $0.trouble = trouble } }
}

extension OrchestratorClient {
    /// How many lines of output an error tells.
    private static let lines = 20
    /// How many characters of each.
    private static let width = 1000
    /// How long before the deadline of a wait the output is read that its error tells, at most.
    private static let reserve: Duration = .seconds(2)

    /// Waits within one deadline: nothing is asked, and nothing is waited for, after it.
    ///
    /// - Parameters:
    ///   - what: what the error is about as long as no task was seen.
    ///   - limit: how long to wait in all.
    ///   - observation: what the wait learns.
    ///   - body: the wait.
    /// - Throws: `timeout` with what was learnt; what `body` throws.
    func waiting<Value: Sendable>(
        for what: String, within limit: Duration, _ observation: Observation,
        _ body: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        let lastWords: @Sendable () async throws -> Void = {
            try await clock.sleep(for: limit - min(limit / 4, Self.reserve))
            if let task = observation.task { await readLog(of: task, observation) }
        }
        do {
            return try await within(limit, meanwhile: lastWords, body)
        } catch is Overdue {
            throw observation.failure?.with(observation.log) ?? Self.overdue(what, observation, after: limit)
        }
    }

    /// Waits until a task is ready, or, if it is a job, until it completed.
    func ready(_ task: TaskStatus, _ observation: Observation) async throws -> TaskStatus {
        try await observing(task, observation) { task in
            if task.state == .failed || task.state == .stopped { throw Self.error(.taskFailed, task) }
            let isReady =
                task.definition.kind == .job ? task.state == .completed : task.ready || task.state.hasEnded
            return isReady ? task : nil
        }
    }

    /// Waits until a task is what `judge` waits for.
    ///
    /// - Parameters:
    ///   - task: as it was last.
    ///   - observation: learns what is seen.
    ///   - judge: answers `nil` to wait on.
    /// - Throws: what `judge` throws, with the task's output; `task_not_found` where it is gone.
    func observing<Value: Sendable>(
        _ task: TaskStatus, _ observation: Observation = Observation(), _ judge: (TaskStatus) throws -> Value?
    ) async throws -> Value {
        func look(_ task: TaskStatus) throws -> Value? {
            observation.see(task)
            return try judge(task)
        }
        do {
            if let value = try look(task) { return value }
            let watch = manager.watch(owner: task.owner, since: try await position(of: task, observation))
            for try await event in watch.tellingOutages(to: observation.meet) {
                switch event {
                case .listed(let list):
                    guard let now = list.tasks.first(where: { $0.id == task.id }) else { throw Self.isGone(task.id) }
                    if let value = try look(now) { return value }
                case .changed(let changes):
                    if changes.removed.contains(task.id) { throw Self.isGone(task.id) }
                    if let now = changes.changed.first(where: { $0.id == task.id }), let value = try look(now) {
                        return value
                    }
                }
            }
            throw CancellationError()  // A watch has no end of its own.
        } catch let error as APIError where error.reason == .taskFailed {
            observation.fail(error)
            if let task = observation.task { await readLog(of: task, observation) }
            throw error.with(observation.log)
        }
    }

    /// Where to watch on from a task: its revision, in the present term.
    private func position(of task: TaskStatus, _ observation: Observation) async throws -> WatchPosition {
        let cluster = try await manager.untilServed(onChange: observation.meet) { try await manager.clusterStatus() }
        return WatchPosition(revision: task.revision, term: cluster.term)
    }

    private static func isGone(_ id: TaskID) -> APIError {
        APIError(.taskNotFound, "task \(id) is gone")
    }

    /// Reads the last lines that a task wrote. When they cannot be read, the error goes without them.
    private func readLog(of task: TaskStatus, _ observation: Observation) async {
        // A task that ended tells them with its message.
        if let end = task.lastLines { return observation.read(end) }
        guard task.node != nil else { return }
        var lines: [String] = []
        do {
            for try await line in try await manager.logs(of: task.id, tail: Self.lines).lines {
                // A program that writes no line feeds may have megabytes in each.
                lines = lines.suffix(Self.lines - 1) + [String(line.prefix(Self.width))]
            }
        } catch {}
        if !lines.isEmpty { observation.read(lines.joined(separator: "\n")) }
    }

    /// Runs `body` until its deadline.
    ///
    /// - Parameter meanwhile: runs beside it; its end changes nothing.
    /// - Throws: ``Overdue`` where `body` has no result after `limit`.
    func within<Value: Sendable>(
        _ limit: Duration, meanwhile: (@Sendable () async throws -> Void)? = nil,
        _ body: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        guard limit > .zero else { throw Overdue() }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await body() }
            group.addTask { [clock] in
                try await withThrowingTaskGroup(of: Void.self) { beside in
                    // Its failure is no reason to end the wait.
                    if let meanwhile { beside.addTask { try? await meanwhile() } }
                    try await clock.sleep(for: limit)
                    beside.cancelAll()
                }
                return nil
            }
            guard let first = try await group.next(), let value = first else { throw Overdue() }
            return value
        }
    }

    // MARK: Errors

    static func error(_ reason: ErrorReason, _ task: TaskStatus, after limit: Duration? = nil) -> APIError {
        let why = [task.reason?.rawValue, task.summary].compactMap(\.self).joined(separator: ": ")
        return APIError(
            reason,
            "\(task.name)/\(task.ordinal) is \(task.state)" + (limit.map { " after \($0.text)" } ?? "")
                + (why.isEmpty ? "" : " (\(why))"),
            details: [
                "task": task.id.rawValue, "state": task.state.rawValue, "reason": task.reason?.rawValue,
            ].compactMapValues(\.self))
    }

    private static func overdue(_ what: String, _ observation: Observation, after limit: Duration) -> APIError {
        guard let task = observation.task else { return silence(what, observation.trouble, after: limit) }
        var error = error(.timeout, task, after: limit).with(observation.log)
        if let trouble = observation.trouble { error.message += "; the manager does not answer: \(trouble.message)" }
        return error
    }

    /// The error of a wait in which no manager answered.
    static func silence(_ what: String, _ trouble: APIError?, after limit: Duration) -> APIError {
        APIError(
            .timeout,
            "\(what): no answer from the manager within \(limit.text)" + (trouble.map { ": \($0.message)" } ?? ""))
    }
}

extension TaskStatus {
    /// Its message without the end of its output.
    var summary: String? { message.map { OutputNote.split($0).message } }

    /// The end of its output, where its message has it.
    var lastLines: String? { message.flatMap { OutputNote.split($0).output } }
}

extension APIError {
    /// The same with the last lines that a task wrote.
    func with(_ log: String?) -> APIError {
        guard let log else { return self }
        var error = self
        error.details = (details ?? [:]).merging(["log": log]) { $1 }
        return error
    }
}
