import ArgumentParser
import CubeText
import CubeTypes

struct ContextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context", abstract: "List, choose and remove the managers that `cube login` remembers.",
        subcommands: [List.self, Use.self, Remove.self], defaultSubcommand: List.self)

    /// The file of the contexts.
    ///
    /// - Throws: A `Failure` if the user has no home directory.
    private static func file() throws -> ContextFile {
        guard let file = ContextFile.ofUser else {
            throw Failure("there are no contexts, because neither XDG_CONFIG_HOME nor HOME is set")
        }
        return file
    }

    struct List: Command {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the contexts, without their tokens.")

        @OptionGroup var output: OutputOptions

        func run() async throws {
            let contexts = try ContextCommand.file().load()
            let listed =
                [Listed(name: .local, manager: nil, current: contexts.current == nil)]
                + (try contexts.names.map { name in
                    Listed(name: name, manager: try contexts.context(name).manager, current: contexts.current == name)
                })
            try output.write(listed, as: Self.table(listed))
        }

        /// A context in the output. It contains no token.
        struct Listed: Encodable {
            var name: ContextName
            /// The address; `nil` for the manager of the data directory.
            var manager: Endpoint?
            var current: Bool
        }

        static func table(_ contexts: [Listed]) -> Table {
            Table(
                "", "CONTEXT", "MANAGER",
                rows: contexts.map { context in
                    [
                        Table.Cell(context.current ? "*" : ""), Table.Cell(context.name.rawValue, .bold),
                        Table.Cell(context.manager?.rawValue ?? "the manager of the data directory"),
                    ]
                })
        }
    }

    struct Use: Command {
        static let configuration = CommandConfiguration(
            commandName: "use", abstract: "Use a context from now on.",
            discussion: "The context `local` is the manager that runs on the data directory, without a login.")

        @Argument(help: "The context.", transform: ContextName.parse)
        var name: ContextName

        func run() async throws {
            try ContextCommand.file().update { try $0.use(name) }
            Terminal.output("The context \(name) is in use.")
        }
    }

    struct Remove: Command {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Forget a context and its token.",
            discussion: "The token itself stays valid; `cube manager token revoke` revokes it.")

        @Argument(help: "The context.", transform: ContextName.parse)
        var name: ContextName

        func run() async throws {
            try ContextCommand.file().update { try $0.remove(name) }
            Terminal.output("The context \(name) is removed.")
        }
    }
}
