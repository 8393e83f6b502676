import ArgumentParser
import CubeErrors
import CubeManagerClient
import CubeTypes

struct OwnerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "owner", abstract: "Who owns workloads: usually one directory of manifests each.",
        subcommands: [List.self, Forget.self], defaultSubcommand: List.self)

    struct List: Command {
        static let configuration = CommandConfiguration(abstract: "List the owners, their sources and leases.")

        @OptionGroup var manager: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let list = try await manager.reader().owners()
            try output.write(
                list,
                as: Table(
                    "OWNER", "HELD", "DIRECTIVES", "LEASE",
                    rows: list.owners.map { owner in
                        [
                            Table.Cell(owner.owner.rawValue, .bold), "\(owner.holds.count)",
                            "\(owner.directives.map(\.name).joined(separator: ","))",
                            "\(owner.lease.map { $0.expiresAt > .now ? $0.holder : "expired (\($0.holder))" } ?? "-")",
                        ]
                    }))
        }
    }

    struct Forget: Command {
        static let configuration = CommandConfiguration(
            abstract: "Forget an owner that has no tasks left.",
            discussion: "Its slot records go too: jobs that completed may run again.")

        @Argument(help: "The owner.", transform: OwnerName.parse)
        var name: OwnerName
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            try await manager.writer().forget(name)
            Terminal.output("\(name) is forgotten.")
        }
    }
}
