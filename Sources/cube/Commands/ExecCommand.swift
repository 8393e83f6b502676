import ArgumentParser
import CubeCore
import CubeErrors
import CubeManagerClient
import CubeServer
import CubeSystem
import CubeTypes
import Glibc

struct ExecCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a command beside the program of a task.",
        discussion: .flowing(
            """
            The command has the environment, user and directory of the task; in a container, it runs inside of it. Without
            an ordinal, it runs in the running task with the lowest one. The command is not expanded: neither `$(NAME)` nor
            wildcards have a meaning without a shell.

            The exit code is that of the command, or 128 plus the number of the signal that ended it. It is 127 if the
            program does not exist, 126 if it cannot be executed, and 125 if `cube exec` itself fails. Ctrl-C ends the
            command; with -it, it goes to the command like every other key.

            A command ends when `cube exec` ends: it gets SIGHUP, and SIGKILL after 2 seconds. If `cube exec` is killed,
            this happens after 30 seconds. A command also ends with its task. If a container engine runs as root and its
            worker does not, the worker cannot end a command in a container, which runs until it ends by itself or with
            its task.

            Requires a token of the role `write`. `cube events` shows which programs were started in which task.

            Examples:
              cube exec web -- ls -l
              cube exec web/1 -it -- sh
              cube exec db -i -- psql < dump.sql
              cube exec web -e DEBUG=1 -- ./check
            """))
    static let statusOfErrors = ExitStatus.execFailed

    @Argument(
        help: ArgumentHelp("Name of a workload, NAME/ORDINAL, or a task id.", valueName: "task"),
        transform: LogSubject.parse)
    var subject: LogSubject
    @Argument(help: .hidden)
    var misplaced: String?
    @Flag(name: .shortAndLong, help: "Pass on standard input.")
    var interactive = false
    @Flag(name: .shortAndLong, help: "Give the command a terminal.")
    var tty = false
    @Option(
        name: .shortAndLong, parsing: .singleValue,
        help: ArgumentHelp(
            "Set a variable for the command. Without =VALUE, it has the value that it has here.",
            valueName: "name=value"))
    var env: [String] = []
    @Argument(parsing: .postTerminator, help: "Program and its arguments.")
    var command: [String] = []
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions

    func validate() throws {
        guard misplaced == nil, !command.isEmpty else {
            throw ArgumentParser.ValidationError(
                "\(misplaced == nil ? "no command given; write it" : "write the command") after --: "
                    + "cube exec \(subject) -- \(misplaced?.shortened(to: 80) ?? "sh")")
        }
    }

    func run() async throws {
        if tty, isatty(STDIN_FILENO) != 1 {
            throw ArgumentParser.ValidationError(
                "--tty needs a terminal, and standard input is not one; without it, -i alone passes on the input")
        }
        let client = try manager.follower(.write)
        let task = try await subject.running(owner: owner.owner, at: client)
        var request = ExecRequest(
            command: command, env: try variables(), tty: tty, interactive: interactive,
            size: tty ? Terminal.size(of: STDIN_FILENO) : nil)
        if tty, request.env["TERM"] == nil { request.env["TERM"] = Environment.value("TERM") }
        let session = ExecID(rawValue: RandomSource.system.uuid())!
        if tty, interactive { try RawTerminal.enter() }
        defer { RawTerminal.leave() }
        let end = try await ExecClient(client: client, task: task.id, session: session, request: request).run()
        RawTerminal.leave()
        let status = ExitStatus(rawValue: Int32(clamping: end.code))
        if let message = end.message { throw Failure(message, exitCode: status) }
        throw ExitCode(status.rawValue)
    }

    private func variables() throws -> [String: String] {
        try env.reduce(into: [:]) { variables, text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard !parts[0].isEmpty else {
                throw ArgumentParser.ValidationError("--env: \"\(text.shortened(to: 80))\" must be NAME=VALUE or NAME")
            }
            variables[parts[0]] = parts.count > 1 ? parts[1] : Environment.value(parts[0])
        }
    }
}
