import CubeErrors
import CubeManagerClient
import CubeSystem
import CubeTransport
import CubeTypes
import Synchronization

/// The observations of a wait. The error at the deadline is composed of them alone, as nothing is requested after the deadline.
final class Observation: Sendable {
    private struct State {
        var task: TaskStatus?
        var log: String?
        var failure: APIError?
        var trouble: APIError?
    }

    private let state = Mutex(State())

    /// The last observed status of the task.
    var task: TaskStatus? { state.withLock(\.task) }
    /// The last lines of the task's output, if they were read.
    var log: String? { state.withLock(\.log) }
    /// The reason why the task can no longer reach the awaited state.
    var failure: APIError? { state.withLock(\.failure) }
    /// The reason why the manager did not serve the last call; `nil` if it did.
    var trouble: APIError? { state.withLock(\.trouble) }

    func see(_ task: TaskStatus) { state.withLock { $0.task = task } }
    func read(_ log: String) { state.withLock { $0.log = log } }
    func fail(_ failure: APIError) { state.withLock { $0.failure = failure } }
    func meet(_ trouble: APIError?) { state.withLock { $0.trouble = trouble } }
}

extension OrchestratorClient {
    /// The number of lines of output in an error.
    private static let lines = 20
    /// The maximum length of each line in characters.
    private static let width = 1000
    /// The time before the deadline at which the output for the error is read; at most a quarter of the limit.
    private static let reserve: Duration = .seconds(2)

    /// Waits within one deadline, after which nothing is requested.
    ///
    /// - Parameters:
    ///   - what: the subject of the error as long as no task was observed.
    ///   - limit: the maximum total time.
    ///   - observation: records what the wait observes.
    ///   - body: the operation to wait for.
    /// - Throws: `timeout` with the observations; the error of `body`.
    func waiting<Value: Sendable>(
        for what: String, within limit: Duration, _ observation: Observation,
        _ body: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        let readOutput: @Sendable () async throws -> Void = {
            try await clock.sleep(for: limit - min(limit / 4, Self.reserve))
            if let task = observation.task { await readLog(of: task, observation) }
        }
        do {
            return try await within(limit, meanwhile: readOutput, body)
        } catch is DeadlineExceeded {
            throw observation.failure?.with(observation.log) ?? Self.overdue(what, observation, after: limit)
        }
    }

    /// Waits until a task is ready; a job, until it has completed.
    func ready(_ task: TaskStatus, _ observation: Observation) async throws -> TaskStatus {
        try await observing(task, observation) { task in
            if task.state == .failed || task.state == .stopped { throw Self.error(.taskFailed, task) }
            let isReady =
                task.definition.kind == .job ? task.state == .completed : task.ready || task.state.hasEnded
            return isReady ? task : nil
        }
    }

    /// Waits until `judge` accepts the status of a task.
    ///
    /// - Parameters:
    ///   - task: the last known status.
    ///   - observation: records what is observed.
    ///   - judge: returns the result of the wait, or `nil` to continue waiting.
    /// - Throws: the error of `judge`, with the task's output; `task_not_found` if the task no longer exists.
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
            throw CancellationError()  // A watch ends only by cancellation.
        } catch let error as APIError where error.reason == .taskFailed {
            observation.fail(error)
            if let task = observation.task { await readLog(of: task, observation) }
            throw error.with(observation.log)
        }
    }

    /// Returns the position from which to watch a task: its revision, in the current term.
    private func position(of task: TaskStatus, _ observation: Observation) async throws -> WatchPosition {
        let cluster = try await manager.untilServed(onChange: observation.meet) { try await manager.clusterStatus() }
        return WatchPosition(revision: task.revision, term: cluster.term)
    }

    private static func isGone(_ id: TaskID) -> APIError {
        APIError(.taskNotFound, "task \(id) no longer exists")
    }

    /// Reads the last lines of a task's output for an error. If they cannot be read, the error is reported without them.
    private func readLog(of task: TaskStatus, _ observation: Observation) async {
        // The message of a task that ended already contains them.
        if let end = task.lastLines { return observation.read(end) }
        guard task.node != nil else { return }
        var lines: [String] = []
        do {
            for try await line in try await manager.logs(of: task.id, tail: Self.lines).lines {
                // Without line feeds, each line may be megabytes long.
                lines = lines.suffix(Self.lines - 1) + [String(line.prefix(Self.width))]
            }
        } catch {}
        if !lines.isEmpty { observation.read(lines.joined(separator: "\n")) }
    }

    /// Runs an operation with a deadline.
    ///
    /// - Parameter meanwhile: a concurrent operation, whose end or failure has no effect.
    /// - Throws: ``DeadlineExceeded`` if `body` has no result after `limit`.
    func within<Value: Sendable>(
        _ limit: Duration, meanwhile: (@Sendable () async throws -> Void)? = nil,
        _ body: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        guard limit > .zero else { throw DeadlineExceeded() }
        let value = try await clock.within(limit) {
            try await withThrowingTaskGroup(of: Void.self) { beside in
                defer { beside.cancelAll() }
                // A failure here must not end the wait.
                if let meanwhile { beside.addTask { try? await meanwhile() } }
                return try await body()
            }
        }
        guard let value else { throw DeadlineExceeded() }
        return value
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
        if let trouble = observation.trouble { error.message += "; the manager does not respond: \(trouble.message)" }
        return error
    }

    /// Returns the error of a wait in which no manager responded.
    static func silence(_ what: String, _ trouble: APIError?, after limit: Duration) -> APIError {
        APIError(
            .timeout,
            "\(what): no response from the manager within \(limit.text)" + (trouble.map { ": \($0.message)" } ?? ""))
    }
}

extension TaskStatus {
    /// The message without the last lines of output.
    var summary: String? { message.map { OutputNote.split($0).message } }

    /// The last lines of output, if the message contains them.
    var lastLines: String? { message.flatMap { OutputNote.split($0).output } }
}

extension APIError {
    /// Returns the same error with the last lines of a task's output.
    func with(_ log: String?) -> APIError {
        guard let log else { return self }
        var error = self
        error.details = (details ?? [:]).merging(["log": log]) { $1 }
        return error
    }
}
