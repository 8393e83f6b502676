import ArgumentParser
import CubeCore
import CubeErrors
import CubeManagerClient
import CubeOrchestratorClient
import CubeText
import CubeTypes

struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Manage single tasks, the instances of workloads.",
        subcommands: [List.self, Show.self, Run.self, Stop.self], defaultSubcommand: List.self)

    struct List: Command {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the tasks of all owners.",
            discussion: .flowing(
                """
                Includes tasks that have ended only with --all or --state.

                Examples:
                  cube task list --name web
                  cube task list --state failed -o json
                """))

        @Option(help: "Only tasks of this owner.", transform: OwnerName.parse)
        var owner: OwnerName?
        @Option(help: "Only tasks of this workload.", transform: WorkloadName.parse)
        var name: WorkloadName?
        @Option(
            help: "Only tasks in this state: pending, scheduled, running, stopping, completed, failed, stopped.",
            transform: TaskState.init(rawValue:))
        var state: TaskState?
        @Flag(name: .shortAndLong, help: "Include tasks that have ended.")
        var all = false
        @OptionGroup var manager: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            var list = try await manager.reader().tasks(owner: owner, name: name, state: state)
            if !all, state == nil { list.tasks.removeAll(where: \.state.hasEnded) }
            try output.write(list.tasks.map(\.withoutValues), as: Self.table(list.tasks))
        }

        static func table(_ tasks: [TaskStatus]) -> Table {
            Table(
                "TASK", "OWNER", "STATE", "READY", "NODE", "RESTARTS", "AGE", "ID", "WHY",
                rows: tasks.map { task in
                    [
                        Table.Cell("\(task.name)/\(task.ordinal)", .bold), "\(task.owner)", Table.Cell(task.state),
                        task.ready ? "yes" : "no", "\(task.node?.rawValue ?? "-")", "\(task.restarts)",
                        "\(Age(since: task.createdAt, until: .now))", "\(task.id)", "\(task.why ?? "")",
                    ]
                })
        }
    }

    struct Show: Command {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show a task as JSON.",
            discussion: .flowing(
                """
                Leaves out the values of `env`. For a slot without a live task, it shows the last task.

                Examples:
                  cube task show web/0
                  cube task show 3f2a9c
                """))

        @Argument(help: TaskSubject.help, transform: TaskSubject.parse)
        var task: TaskSubject
        @OptionGroup var owner: OwnerOption
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            let found = try await task.find(owner: owner.owner, at: manager.reader()) {
                manager.command("task show \($0)")
            }
            Terminal.output(json: try JSONText.pretty(found.withoutValues))
        }
    }

    struct Run: Command {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Run a command as a task without a manifest.",
            discussion: .flowing(
                """
                The task belongs to the owner `manual`. No reconciler changes or stops it until `cube adopt NAME` brings
                it under a manifest.

                Examples:
                  cube task run --name migrate --job -- sh -c 'echo migrating'
                  cube logs --owner manual migrate
                """))

        @Option(help: "Name of the task's workload.", transform: WorkloadName.parse)
        var name: WorkloadName
        @Flag(help: "Run the command once to completion, instead of restarting it whenever it ends.")
        var job = false
        @Argument(parsing: .postTerminator, help: "Program and its arguments.")
        var command: [String]
        @OptionGroup var manager: ConnectionOptions

        func validate() throws {
            guard !command.isEmpty else { throw ArgumentParser.ValidationError("no command given; write it after --") }
        }

        func run() async throws {
            let client = OrchestratorClient(manager: try manager.writer(), owner: .manual)
            let task = try await client.schedule(
                TaskDefinition(name: name, kind: job ? .job : .service, command: command))
            Terminal.output("\(task.id)")
        }
    }

    struct Stop: Command {
        static let configuration = CommandConfiguration(
            commandName: "stop", abstract: "Stop a task.",
            discussion: .flowing(
                """
                If a manifest declares the workload, the reconciler starts a new task. `cube suspend` prevents this.
                """))

        @Argument(help: TaskSubject.help, transform: TaskSubject.parse)
        var task: TaskSubject
        @OptionGroup var owner: OwnerOption
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            let client = try manager.writer()
            let found = try await task.find(owner: owner.owner, at: client) { manager.command("task stop \($0)") }
            Terminal.output(Self.lines(on: try await client.stop(found.id), command: manager.command))
        }

        /// The lines to print after the stop of a task.
        static func lines(on task: TaskStatus, command: (String) -> String) -> [TextLine] {
            let state: TextLine = "\(task.name)/\(task.ordinal) is \(task.state)."
            guard task.owner != .manual, [.stopping, .stopped].contains(task.state) else { return [state] }
            // Whether a manifest declares the workload is known only where its reconciler runs.
            let suspend = command("suspend \(task.name)\(OwnerOption.words(task.owner))")
            return [
                state,
                "If a manifest declares \(task.name), the reconciler starts a new task; \(suspend) prevents this.",
            ]
        }
    }
}

extension TaskStatus {
    /// The task with the names of its environment variables, but without their values, which are never shown.
    fileprivate var withoutValues: TaskStatus {
        var task = self
        task.definition.env = definition.env.mapValues { _ in "" }
        return task
    }
}
