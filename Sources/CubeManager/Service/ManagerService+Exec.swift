import CubeCore
import CubeErrors
package import CubeTypes
import HashTreeCollections

/// Commands that run beside the programs of tasks. The manager holds nothing of a session: it passes each call on to the worker.
extension ManagerService {
    /// How many sessions are remembered, so that a repeated call is recorded once.
    private static let rememberedSessions = 1000

    /// Starts a command beside the program of a task, and records this in the history. Repeating the call changes nothing.
    ///
    /// The start is recorded before the worker is called, because the response of the worker may be lost. The history may therefore
    /// contain a start that the worker refused, or a start twice.
    ///
    /// - Throws: `task_not_found`; `conflict` if the task is not running; `worker_not_found`.
    package func exec(
        _ request: ExecRequest, as session: ExecID, in task: TaskID
    ) async throws -> (session: ExecSession, created: Bool) {
        guard request.problems.isEmpty else { throw APIError.invalid(request.problems) }
        let (worker, url) = try worker(of: task)
        let isRepeated = recordedSessions.contains(session)
        if !isRepeated { try await recordExec(request.command, as: session, in: task) }
        let result = try await worker.exec(request, as: session, in: task, at: url)
        // The id was used for a session that has ended, or for one that never started.
        if isRepeated, result.created { try await recordExec(request.command, as: session, in: task) }
        return result
    }

    private func recordExec(_ command: [String], as session: ExecID, in task: TaskID) async throws {
        if !recordedSessions.contains(session) {
            recordedSessions.append(session)
            if recordedSessions.count > Self.rememberedSessions { recordedSessions.removeFirst() }
        }
        do {
            try await write { (transaction) throws(APIError) in try transaction.recordExec(command, in: task) }
        } catch {
            recordedSessions.removeAll { $0 == session }
            // Another call may have started the command meanwhile, and its start cannot be recorded. Nobody watches the command, so it
            // ends anyway if this call does not arrive.
            try? await endExec(session, of: task)
            throw error
        }
    }

    package func execOutput(
        _ session: ExecID, of task: TaskID, after offset: Int, wait: Duration
    ) async throws -> ExecOutput {
        let (worker, url) = try worker(of: task)
        return try await worker.execOutput(session, of: task, after: offset, wait: wait, at: url)
    }

    package func execInput(
        _ input: ExecInput, to session: ExecID, of task: TaskID, wait: Duration
    ) async throws -> ExecReceipt {
        let (worker, url) = try worker(of: task)
        return try await worker.execInput(input, to: session, of: task, wait: wait, at: url)
    }

    package func resizeExec(_ session: ExecID, of task: TaskID, to size: TerminalSize) async throws {
        let (worker, url) = try worker(of: task)
        try await worker.resizeExec(session, of: task, to: size, at: url)
    }

    package func endExec(_ session: ExecID, of task: TaskID) async throws {
        let (worker, url) = try worker(of: task)
        try await worker.endExec(session, of: task, at: url)
    }

    /// The worker of a running task, and its URL.
    private func worker(of id: TaskID) throws(APIError) -> (any WorkerGateway, url: String) {
        let task = try record(of: id)
        let slot = "\(task.status.name)/\(task.status.ordinal)"
        guard let name = task.status.node, !task.phase.hasEnded else {
            throw APIError(
                .conflict, "\(slot) (task \(id)) is \(task.phase.state), so no command can run beside its program")
        }
        guard let node = state.records.nodes[name] else {
            throw APIError(.workerNotFound, "\(slot) (task \(id)) cannot be reached: its node \(name) was removed")
        }
        return (gateway.verifying(name), node.worker.url)
    }
}
