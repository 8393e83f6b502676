import CubeErrors
import CubeTransport
public import CubeTypes

extension ManagerClient {
    /// Starts a command beside the program of a task, in a session that ends when this client ends it or does not call for 30 seconds.
    /// Repeating the call changes nothing.
    ///
    /// - Parameters:
    ///   - request: the command.
    ///   - session: the id of the session, a random UUID that the caller creates.
    ///   - task: the id of the task.
    /// - Returns: the session, and whether this call created the session.
    /// - Throws: `task_not_found`; `conflict` if the task has no running program; `validation_failed`, `too_many_requests`.
    @discardableResult
    public func exec(
        _ request: ExecRequest, as session: ExecID, in task: TaskID
    ) async throws -> (session: ExecSession, created: Bool) {
        try await transport.exec(request, at: Self.path(of: session, task))
    }

    /// Returns the output of a command after an offset, and acknowledges the output before it, which is discarded.
    ///
    /// - Parameters:
    ///   - session: the id of the session.
    ///   - task: the id of the task.
    ///   - offset: 0, or `ExecOutput.next` of the last response.
    ///   - wait: how long to wait for output. If there is none in that time, the response is empty.
    /// - Throws: `session_not_found`; `conflict` if the output was discarded.
    public func execOutput(
        _ session: ExecID, of task: TaskID, after offset: Int, wait: Duration
    ) async throws -> ExecOutput {
        try await transport.execOutput(at: Self.path(of: session, task), after: offset, wait: wait)
    }

    /// Passes a part of the input to a command. Repeating the call changes nothing.
    ///
    /// - Parameters:
    ///   - input: the part and its offset.
    ///   - session: the id of the session.
    ///   - task: the id of the task.
    ///   - wait: how long to wait until the command has read the input before this part.
    /// - Returns: how much input was received. It is less than the end of this part if the command did not read its input in time.
    /// - Throws: `session_not_found`; `conflict` if the command reads no input, or if earlier input is missing.
    public func execInput(
        _ input: ExecInput, to session: ExecID, of task: TaskID, wait: Duration
    ) async throws -> ExecReceipt {
        try await transport.execInput(input, at: Self.path(of: session, task), wait: wait)
    }

    /// Changes the size of the terminal of a command.
    ///
    /// - Throws: `session_not_found`.
    public func resizeExec(_ session: ExecID, of task: TaskID, to size: TerminalSize) async throws {
        try await transport.resizeExec(at: Self.path(of: session, task), to: size)
    }

    /// Ends a session. If its command is running, the command is ended by SIGHUP and, after 2 seconds, by SIGKILL.
    ///
    /// - Throws: `session_not_found`.
    public func endExec(_ session: ExecID, of task: TaskID) async throws {
        try await transport.endExec(at: Self.path(of: session, task))
    }

    private static func path(of session: ExecID, _ task: TaskID) -> [String] {
        path("tasks", task.rawValue, "exec", session.rawValue)
    }
}
