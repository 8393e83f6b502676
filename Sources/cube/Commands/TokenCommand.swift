import ArgumentParser
import CubeManagerClient
import CubeServer
import CubeText
import CubeTypes

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Issue, list and revoke tokens for people, programs and workers.",
        subcommands: [Create.self, List.self, Revoke.self, Worker.self], defaultSubcommand: List.self)

    struct Create: Command {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Issue a token, and print it.",
            discussion: .flowing(
                """
                The token is printed once and cannot be shown again: the manager stores only its digest. The role `read`
                sees everything except the values of `env`, `write` can change everything, and `worker` lets a worker
                join. The history (`cube events`) names the token with each change that it makes.

                Examples:
                  cube manager token create prometheus --role read --for 365d > prometheus.token
                  cube manager token create ci --role write --for 90d -o json
                """))

        @Argument(help: "Name of the token.", transform: TokenName.parse)
        var name: TokenName
        @Option(
            help: ArgumentHelp("What the token allows: read, write or worker.", valueName: "role"),
            transform: Create.role)
        var role: TokenRole
        @Option(
            name: .customLong("for"),
            help: ArgumentHelp(
                "How long the token can be used, such as 12h or 90d; at most 3650d. (default: 90d)",
                valueName: "duration"
            ), transform: Create.lifetime)
        var lifetime: Duration = .seconds(90 * 24 * 3600)
        @OptionGroup var manager: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let secret = TokenSecret()
            let connection = try manager.connection(.write)
            let info = try await connection.client(CommandLog.quiet).issueToken(
                TokenRequest(name: name, role: role, digest: secret.digest, lifetime: lifetime))
            // With the authority, the token alone is enough to log in from another machine.
            let token = AccessToken(secret: secret.text, fingerprint: connection.fingerprint)
            let issued = Issued(name: name, role: role, expiresAt: info.expiresAt, token: token.text)
            let line = TextLine(issued.token)
            try output.write(issued, text: [line], markdown: MarkdownLine.fenced([line]))
            Terminal.note("Token \(name) with role \(role) is valid until \(info.expiresAt). It is not shown again.")
        }

        /// The output as JSON.
        private struct Issued: Encodable {
            var name: TokenName
            var role: TokenRole
            var expiresAt: Timestamp
            var token: String

            enum CodingKeys: String, CodingKey {
                case name, role, token
                case expiresAt = "expires_at"
            }
        }

        static func role(_ argument: String) throws -> TokenRole {
            let role = TokenRole(rawValue: argument)
            guard TokenRole.all.contains(role) else {
                throw ValidationError("\"\(argument)\" must be read, write or worker")
            }
            return role
        }

        /// Parses a duration, in days too, because hours are unwieldy for tokens.
        static func lifetime(_ argument: String) throws -> Duration {
            if argument.hasSuffix("d"), let days = Int(argument.dropLast()), (1...3650).contains(days) {
                return .seconds(days * 24 * 3600)
            }
            guard let duration = Duration(text: argument) else {
                throw ValidationError(
                    "\"\(argument)\" must be a whole number followed by d, h, m or s, and at most 3650d")
            }
            return duration
        }
    }

    struct List: Command {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the tokens that the manager issued, with who issued them and when they were last used.")

        @OptionGroup var manager: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let list = try await manager.writer().tokens()
            try output.write(list, as: Self.table(list.tokens))
        }

        static func table(_ tokens: [TokenInfo]) -> Table {
            Table(
                "TOKEN", "ROLE", "STATE", "EXPIRES", "LAST USED", "CREATED", "BY",
                rows: tokens.map { token in
                    [
                        Table.Cell(token.name.rawValue, .bold), Table.Cell(token.role.rawValue),
                        token.state == .expired ? Table.Cell("expired", .red) : Table.Cell(token.state.rawValue),
                        Table.Cell("\(token.expiresAt)"), Table.Cell(token.lastUsedAt.map { "\($0)" } ?? "never"),
                        Table.Cell("\(token.createdAt)"),
                        Table.Cell(token.createdBy + (token.createdFrom.map { " from \($0)" } ?? "")),
                    ]
                })
        }
    }

    struct Revoke: Command {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Revoke a token.",
            discussion: "Calls with the token are refused from then on, and calls that wait end within seconds.")

        @Argument(help: "The token.", transform: TokenName.parse)
        var name: TokenName
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            try await manager.writer().revokeToken(name)
            Terminal.output("Token \(name) is revoked.")
        }
    }

    struct Worker: Command {
        static let configuration = CommandConfiguration(
            commandName: "worker", abstract: "Print the command that starts a worker on another machine.",
            discussion: .flowing(
                """
                Run it on the machine of the manager. The command contains a token, which can be used for a limited time: pass
                it on with care. If the manager speaks TLS, the token also names its certificate authority, so that nothing
                else has to be copied.
                """))

        @Option(
            name: .customLong("for"),
            help: ArgumentHelp(
                "How long the token can be used, such as 1h or 7d. Without TLS, the token of the data directory is used, which does not expire.",
                valueName: "duration"), transform: Create.lifetime)
        var lifetime: Duration = .seconds(24 * 3600)
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            let invitation = try await WorkerInvitation(from: manager, lifetime: lifetime)
            Terminal.output(TextLine(invitation.command))
            if let note = invitation.note { Terminal.note(TextLine(note)) }
        }
    }
}
