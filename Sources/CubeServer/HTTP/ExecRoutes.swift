import CubeErrors
import CubeManager
import CubeTypes
import CubeWorker
import Hummingbird

/// A service that runs commands beside the programs of tasks: a worker, or a manager in front of its workers.
protocol ExecService: Sendable {
    func exec(
        _ request: ExecRequest, as id: ExecID, in task: TaskID
    ) async throws -> (session: ExecSession, created: Bool)
    func execOutput(_ id: ExecID, of task: TaskID, after offset: Int, wait: Duration) async throws -> ExecOutput
    func execInput(_ input: ExecInput, to id: ExecID, of task: TaskID, wait: Duration) async throws -> ExecReceipt
    func resizeExec(_ id: ExecID, of task: TaskID, to size: TerminalSize) async throws
    func endExec(_ id: ExecID, of task: TaskID) async throws
}

extension ManagerService: ExecService {}
extension WorkerService: ExecService {}

extension RouteTable {
    /// The routes of sessions. Their client asks for output again and again: this works through any proxy, a lost response loses no
    /// output, and a client that takes none makes the command wait.
    ///
    /// - Parameter admit: throws for a call that the service must not carry out.
    static func exec(
        below prefix: String, _ access: Route.Access, errors: [ErrorReason], _ service: any ExecService,
        admit: @Sendable @escaping (Call) async throws -> Void = { _ in }
    ) -> [Route] {
        let task = Input<TaskID>.path("id", "Id of the task.")
        let session = Input<ExecID>.path("session", "Id of the session.")
        let path = "\(prefix)/{id}/exec/{session}"
        let sessionErrors = errors + [.sessionNotFound]
        return [
            Route(
                .put, path, access,
                Operation(
                    "startExec",
                    "Starts a command beside the program of a task, with its environment, user and directory. The session ends when "
                        + "it is removed, or 30 seconds after the last call of its client.",
                    .json(201, ExecSession.self, "The command is being started."),
                    .ok(ExecSession.self, "The session is already known; nothing was changed."),
                    errors: errors + [.tooManyRequests]), task, session, .body(ExecRequest.self)
            ) { call, task, session, request in
                try await admit(call)
                let (answer, created) = try await service.exec(request, as: session, in: task)
                return try .json(answer, status: created ? .created : .ok)
            },
            Route(
                .get, "\(path)/output", access,
                Operation(
                    "getExecOutput",
                    "Returns the output of a command after an offset, and its end. Acknowledges the output before the offset, which is discarded.",
                    .ok(ExecOutput.self), errors: sessionErrors), task, session,
                .integer("after", orElse: 0, "The `next` of the last response."),
                .wait("wait", "Maximum time to wait for output.")
            ) { call, task, session, after, wait in
                try await admit(call)
                return try .json(
                    try await call.untilGone {
                        try await service.execOutput(session, of: task, after: after, wait: wait)
                    })
            },
            Route(
                .post, "\(path)/input", access,
                Operation(
                    "sendExecInput", "Passes a part of the input to a command. Repeating the call changes nothing.",
                    .ok(
                        ExecReceipt.self, "The command has read the input before this part, or did not read it in time."
                    ), errors: sessionErrors), task, session,
                .wait("wait", "Maximum time to wait until the command has read earlier input."), .body(ExecInput.self)
            ) { call, task, session, wait, input in
                try await admit(call)
                return try .json(
                    try await call.untilGone {
                        try await service.execInput(input, to: session, of: task, wait: wait)
                    })
            },
            Route(
                .put, "\(path)/size", access,
                Operation(
                    "resizeExec", "Changes the size of the terminal of a command.",
                    .nothing("The command will learn the size."), errors: sessionErrors), task, session,
                .body(TerminalSize.self)
            ) { call, task, session, size in
                try await admit(call)
                try await service.resizeExec(session, of: task, to: size)
                return Response(status: .noContent)
            },
            Route(
                .delete, path, access,
                Operation(
                    "endExec",
                    "Ends a session, and its command if it is running: by SIGHUP, and after 2 seconds by SIGKILL.",
                    .nothing("The session has ended."), errors: sessionErrors), task, session
            ) { call, task, session in
                try await admit(call)
                try await service.endExec(session, of: task)
                return Response(status: .noContent)
            },
        ]
    }
}
