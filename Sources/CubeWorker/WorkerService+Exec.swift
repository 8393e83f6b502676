import CubeCore
import CubeErrors
import CubeSystem
package import CubeTypes
import Logging

/// Commands that run beside the programs of tasks, each in a session with the client that watches it.
extension WorkerService {
    /// Starts a command beside the program of a task. Repeating the call changes nothing.
    ///
    /// - Throws: `task_not_found`; `conflict` if the task has no running program; `validation_failed`, `too_many_requests`.
    package func exec(
        _ request: ExecRequest, as id: ExecID, in task: TaskID
    ) async throws -> (session: ExecSession, created: Bool) {
        guard request.problems.isEmpty else { throw APIError.invalid(request.problems) }
        let record = try record(task)
        if let known = try sessions.known(id, of: task) { return (known.session, false) }
        guard let run = table.placement(task)?.liveRun else {
            throw APIError(
                .conflict, "task \(task) has no running program on \(options.name): it is \(report(record).state)")
        }
        let channel = ExecChannel(ExecSession(id: id, task: task), request, in: run, clock: clock)
        try sessions.add(channel)
        attend.yield(.session(channel))
        return (channel.session, true)
    }

    /// Returns the output of a command from an offset on, and acknowledges the output before it. Waits for output if there is none.
    package nonisolated func execOutput(
        _ id: ExecID, of task: TaskID, after offset: Int, wait: Duration
    ) async throws -> ExecOutput {
        try await sessions.channel(id, of: task).output(after: offset, wait: wait)
    }

    /// Passes a part of the input to a command. Waits until the command has read the part before it.
    package nonisolated func execInput(
        _ input: ExecInput, to id: ExecID, of task: TaskID, wait: Duration
    ) async throws -> ExecReceipt {
        guard input.data.count <= ExecInput.maximum else {
            throw APIError.invalid([
                ValidationError(
                    field: "data", value: "\(input.data.count) bytes",
                    message: "must be at most \(ExecInput.maximum) bytes")
            ])
        }
        return try await sessions.channel(id, of: task).take(input, wait: wait)
    }

    /// Changes the size of the terminal of a command. Without a terminal, nothing happens.
    package nonisolated func resizeExec(_ id: ExecID, of task: TaskID, to size: TerminalSize) throws {
        let problems = size.problems()
        guard problems.isEmpty else { throw APIError.invalid(problems) }
        try sessions.channel(id, of: task).resize(to: size)
    }

    /// Ends a session, and its command if it is running.
    package nonisolated func endExec(_ id: ExecID, of task: TaskID) throws {
        let channel = try sessions.channel(id, of: task)
        channel.close()
        // Its command may take a moment to end, and nobody watches it any more.
        sessions.remove(channel)
    }

    // MARK: Carrying out

    /// Runs the command of a session to its end, and then keeps the session until its client has read the end or is gone.
    func carryOut(_ channel: ExecChannel) async {
        defer { sessions.remove(channel) }
        let end: ExecEnd
        do {
            end = try await execute(channel)
        } catch is CancellationError {
            return
        } catch {
            logger.warning("\(channel.session.task): cannot run a command beside its program: \(error)")
            end = ExecEnd(code: 125, message: (error as? APIError)?.message ?? "\(error)")
        }
        channel.finish(end)
        // Cancelled at shutdown.
        try? await channel.departure()
    }

    /// Runs a command until it ends, its client is gone, or the run of its task has ended. In the latter two cases, the runtime ends it.
    private func execute(_ channel: ExecChannel) async throws -> ExecEnd {
        guard let assignment = table.placement(of: channel.run)?.assignment else {
            throw APIError(.conflict, "task \(channel.session.task) was replaced")
        }
        let runtime = runtime
        let end = try await race {
            try await runtime.execute(channel.request, in: channel.run, of: assignment, through: channel)
        } until: {
            _ = try await race {
                try await channel.departure()
            } until: {
                await self.runEnds(channel.run)
            }
        }
        return end ?? ExecEnd(code: 129, message: "the command was ended, as its task or its client is gone")
    }

    /// Waits until a run has ended.
    private func runEnds(_ run: RunIdentity) async {
        while !Task.isCancelled, table.placement(run.task)?.liveRun == run { await rest(run.task, .seconds(3600)) }
    }
}
