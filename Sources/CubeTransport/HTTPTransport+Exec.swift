import CubeErrors
package import CubeTypes

/// The requests about a command beside a task, which manager and worker serve alike.
extension HTTPTransport {
    /// - Parameter path: the path of the session, such as `/api/v1/worker/tasks/{id}/exec/{session}`.
    /// - Returns: the session, and whether this request created the session.
    package func exec(
        _ request: ExecRequest, at path: [String]
    ) async throws -> (session: ExecSession, created: Bool) {
        let (status, answer) = try await exchange(TransportRequest(.put, path, body: request), as: ExecSession.self)
        return (answer, status == 201)
    }

    /// - Parameter path: the path of the session.
    package func execOutput(at path: [String], after offset: Int, wait: Duration) async throws -> ExecOutput {
        try await send(TransportRequest(.get, path + ["output"], query: ["after": offset], wait: wait))
    }

    /// - Parameter path: the path of the session.
    package func execInput(_ input: ExecInput, at path: [String], wait: Duration) async throws -> ExecReceipt {
        try await send(TransportRequest(.post, path + ["input"], body: input, wait: wait, isIdempotent: true))
    }

    /// - Parameter path: the path of the session.
    package func resizeExec(at path: [String], to size: TerminalSize) async throws {
        try await send(TransportRequest(.put, path + ["size"], body: size))
    }

    /// - Parameter path: the path of the session.
    package func endExec(at path: [String]) async throws {
        try await send(TransportRequest(.delete, path, removes: .sessionNotFound))
    }
}
