import ArgumentParser
import CubeCore
import CubeManagerClient
import CubeText
import CubeTypes

struct VolumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume", abstract: "Manage the named volumes of containers.",
        subcommands: [List.self, Remove.self], defaultSubcommand: List.self)

    struct List: Command {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the named volumes, with their nodes and the tasks that use them.")

        @OptionGroup var manager: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let list = try await manager.reader().volumes()
            try output.write(list, as: Self.table(list.volumes))
        }

        static func table(_ volumes: [VolumeInfo]) -> Table {
            Table(
                "VOLUME", "OWNER", "NODE", "STATE", "TASKS", "CREATED", "WHY",
                rows: volumes.map { volume in
                    let tasks = volume.tasks.map { "\($0.name?.rawValue ?? $0.id.rawValue)/\($0.ordinal)" }
                    return [
                        Table.Cell(volume.name.rawValue, .bold), Table.Cell(volume.owner.rawValue),
                        Table.Cell(volume.node.rawValue), Table.Cell(volume.state.rawValue),
                        Table.Cell(tasks.isEmpty ? "none" : tasks.joined(separator: ",")),
                        Table.Cell("\(volume.createdAt)"), Table.Cell(volume.message ?? ""),
                    ]
                })
        }
    }

    struct Remove: Command {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Delete a named volume with its data.",
            discussion: .flowing(
                """
                A volume that a task uses is not deleted, and neither is a volume whose node is away. Nothing else deletes a
                named volume: neither pruning, nor `cube down`, nor a worker.
                """))

        @Argument(help: "The volume.", transform: VolumeName.parse)
        var name: VolumeName
        @Option(
            help: "The node that must have the volume. A volume on another node is not deleted.",
            transform: NodeName.parse)
        var node: NodeName?
        @Flag(
            help: ArgumentHelp(
                "Forget the volume instead of deleting it, because its node is gone for good.",
                discussion: "The next task with this volume starts on any node, with an empty volume."))
        var forget = false
        @OptionGroup var owner: OwnerOption
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            try await manager.writer().removeVolume(
                name, of: owner.owner, from: node, forgetting: forget, wait: .seconds(15))
            Terminal.output("Volume \(name) is \(forget ? "forgotten" : "deleted").")
        }
    }
}
