import ArgumentParser
import CubeManagerClient
import CubeText
import CubeTypes

struct NodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Manage the machines of the cluster.",
        subcommands: [List.self, Show.self, Cordon.self, Uncordon.self, Drain.self, Forget.self],
        defaultSubcommand: List.self)

    struct Cordon: Command {
        static let configuration = CommandConfiguration(
            commandName: "cordon", abstract: "Stop assigning new tasks to a node.",
            discussion: "Its running tasks keep running. `cube node uncordon` reverses this.")

        @Argument(help: "The node.", transform: NodeName.parse)
        var name: NodeName
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            try await manager.writer().cordon(name)
            Terminal.output("Node \(name) receives no new tasks.")
        }
    }

    struct Uncordon: Command {
        static let configuration = CommandConfiguration(
            commandName: "uncordon", abstract: "Assign new tasks to a node again, and end its drain.",
            discussion: "Tasks that were moved to other nodes stay there.")

        @Argument(help: "The node.", transform: NodeName.parse)
        var name: NodeName
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            try await manager.writer().uncordon(name)
            Terminal.output("Node \(name) receives new tasks again.")
        }
    }

    struct Forget: Command {
        static let configuration = CommandConfiguration(
            commandName: "forget", abstract: "Remove a node that will not come back.",
            discussion:
                """
                Its tasks are considered lost, and may be started on other nodes. Make sure first that they no longer run on \
                it. Its certificate is revoked at once: the worker is locked out until `cube worker rejoin` is run on its \
                machine and it joins with a token again. A token that the machine has stays valid until it is revoked.
                """
        )

        @Argument(help: "The node.", transform: NodeName.parse)
        var name: NodeName
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            try await manager.writer().remove(name)
            Terminal.output("\(name) is forgotten.")
        }
    }
}
