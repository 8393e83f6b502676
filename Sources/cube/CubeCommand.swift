import ArgumentParser
import CubeVersion

/// The root command, `cube`.
struct CubeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cube",
        abstract: "Run the workloads that a directory of manifests declares, and keep them running.",
        discussion: .flowing(
            """
            First steps, in an empty directory:
              cube init        write a first manifest
              cube up          run it; edit, add and delete manifests while it runs
              cube status      show the status, from another terminal
              cube down        stop all tasks of the owner

            `cube help manifest` documents every field of a manifest.
            """),
        version: ProductVersion.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Run", subcommands: [UpCommand.self, DownCommand.self, InitCommand.self, DoctorCommand.self]),
            CommandGroup(
                name: "Inspect",
                subcommands: [
                    StatusCommand.self, ExplainCommand.self, HistoryCommand.self, LogsCommand.self, EventsCommand.self,
                    TopCommand.self,
                ]),
            CommandGroup(
                name: "Manifests",
                subcommands: [
                    ValidateCommand.self, DiffCommand.self, PlanCommand.self, ApplyCommand.self, ImageCommand.self,
                    SchemaCommand.self, ImportCommand.self,
                ]),
            CommandGroup(
                name: "Intervene",
                subcommands: [
                    ApproveCommand.self, RetryCommand.self, RestartCommand.self, SuspendCommand.self,
                    ResumeCommand.self, AdoptCommand.self, ExecCommand.self,
                ]),
            CommandGroup(
                name: "Cluster",
                subcommands: [
                    LoginCommand.self, ContextCommand.self, TaskCommand.self, NodeCommand.self, VolumeCommand.self,
                    OwnerCommand.self, WatchCommand.self,
                ]),
            CommandGroup(
                name: "Components",
                subcommands: [ManagerCommand.self, WorkerCommand.self, ReconcileCommand.self]),
            CommandGroup(
                name: "Other", subcommands: [VersionCommand.self, UpgradeCommand.self, CompletionCommand.self]),
        ])
}
