import ArgumentParser
import CubeCore
import CubeManagerClient
import CubeText
import CubeTypes

struct NodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Manage the machines of the cluster.",
        subcommands: [List.self, Show.self, Drain.self, Resume.self, Forget.self], defaultSubcommand: List.self)

    struct List: Command {
        static let configuration = CommandConfiguration(abstract: "List the nodes.")

        @OptionGroup var manager: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let list = try await manager.reader().workers()
            try output.write(list, as: Self.table(list.nodes))
        }

        static func table(_ nodes: [NodeInfo]) -> Table {
            Table(
                "NODE", "STATE", "RUNS", "TASKS", "CPU", "MEMORY", "LABELS", "WHY",
                rows: nodes.map { node in
                    [
                        Table.Cell(node.name.rawValue, .bold), Table.Cell(node.state),
                        "\(node.runtimes.joined(separator: ","))",
                        "\(node.tasks)",
                        "\(cores(node.reserved.millicores)) of \(cores(node.capacity.millicores))",
                        "\(ByteCount(node.reserved.memory)) of \(ByteCount(node.capacity.memory))",
                        "\(node.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ","))",
                        Table.Cell(node.message ?? ""),
                    ]
                })
        }

        private static func cores(_ millicores: Int) -> String { "\(Double(millicores) / 1000)" }
    }

    struct Show: Command {
        static let configuration = CommandConfiguration(abstract: "Show a node as JSON.")

        @Argument(help: "The node.", transform: NodeName.parse)
        var name: NodeName
        @OptionGroup var manager: ConnectionOptions

        func run() async throws { Terminal.output(json: try JSONText.pretty(try await manager.reader().worker(name))) }
    }

    struct Drain: Command {
        static let configuration = CommandConfiguration(
            abstract: "Stop assigning new tasks to a node.",
            discussion: "Its running tasks keep running. `cube node resume` reverses this.")

        @Argument(help: "The node.", transform: NodeName.parse)
        var name: NodeName
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            try await manager.writer().drain(name)
            Terminal.output("Node \(name) receives no new tasks.")
        }
    }

    struct Resume: Command {
        static let configuration = CommandConfiguration(abstract: "Assign tasks to a drained node again.")

        @Argument(help: "The node.", transform: NodeName.parse)
        var name: NodeName
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            try await manager.writer().undrain(name)
            Terminal.output("Node \(name) receives tasks again.")
        }
    }

    struct Forget: Command {
        static let configuration = CommandConfiguration(
            abstract: "Remove a node that will not come back.",
            discussion:
                "Its tasks are considered lost, and may be started on other nodes. Make sure first that they no longer run on it."
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
