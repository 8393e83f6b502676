import ArgumentParser
import CubeVersion

/// The command line.
struct CubeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cube",
        abstract: "A directory of manifests says what should run; Cube makes it so, and keeps it so.",
        discussion: .flowing(
            """
            First steps, in an empty directory:
              cube init        writes a first manifest
              cube up          runs it; edit, add, delete manifests meanwhile
              cube status      says how everything is, from another terminal
              cube down        stops it all

            `cube help manifest` shows every field of a manifest.
            """),
        version: ProductVersion.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Run", subcommands: [UpCommand.self, DownCommand.self, InitCommand.self, DoctorCommand.self]),
            CommandGroup(
                name: "Look",
                subcommands: [
                    StatusCommand.self, ExplainCommand.self, HistoryCommand.self, LogsCommand.self, EventsCommand.self,
                ]),
            CommandGroup(
                name: "Manifests",
                subcommands: [
                    ValidateCommand.self, DiffCommand.self, PlanCommand.self, ApplyCommand.self, SchemaCommand.self,
                ]),
            CommandGroup(
                name: "Decide",
                subcommands: [
                    ApproveCommand.self, RetryCommand.self, RestartCommand.self, SuspendCommand.self,
                    ResumeCommand.self, AdoptCommand.self,
                ]),
            CommandGroup(
                name: "Inside", subcommands: [TaskCommand.self, NodeCommand.self, OwnerCommand.self]),
            CommandGroup(
                name: "Separate processes",
                subcommands: [ManagerCommand.self, WorkerCommand.self, ReconcileCommand.self]),
            CommandGroup(name: "Cube itself", subcommands: [VersionCommand.self, CompletionCommand.self]),
        ])
}
