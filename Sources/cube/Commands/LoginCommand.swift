import ArgumentParser
import CubeErrors
import CubeManagerClient
import CubeText
import CubeTransport
import CubeTypes
import SystemPackage

struct LoginCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Remember a manager and the token for it, and use it from now on.",
        discussion: .flowing(
            """
            The token is read from CUBE_TOKEN, from a pipe, or from the terminal, which does not show it. It is never an
            argument, which other users of this machine could see. The manager is asked before anything is remembered.

            The address and the token are kept as a context in cube/contexts.json in XDG_CONFIG_HOME (default: ~/.config),
            readable by you alone. Commands choose the manager in this order: --manager or --context, CUBE_MANAGER or
            CUBE_CONTEXT, the current context, the manager that runs on the data directory. `cube context use local`
            returns to the last of these.

            Examples:
              cube login https://10.0.0.1:8081
              cube login https://10.0.0.1:8081 --name production < production.token
            """))

    @Argument(
        help: "Address of the manager: https://HOST:PORT, http://HOST:PORT or unix:PATH.", transform: Endpoint.parse)
    var manager: Endpoint
    @Option(help: "Name of the context. (default: the host)", transform: ContextName.parse)
    var name: ContextName?
    @Option(
        name: .customLong("tls-ca"),
        help: ArgumentHelp(
            "PEM file with the authorities that may certify the manager. (CUBE_TLS_CA; default: the authority that the token names, or those of this machine)",
            valueName: "file"), completion: .file())
    var authoritiesOption: String?

    func validate() throws {
        guard name == .local else { return }
        throw ArgumentParser.ValidationError("--name: \"local\" means the manager that runs on the data directory")
    }

    func run() async throws {
        guard let file = ContextFile.ofUser else {
            throw Failure("there is no place for the context, because neither XDG_CONFIG_HOME nor HOME is set")
        }
        let name = name ?? ContextName(for: manager)
        let token = try token()
        var manager = manager
        // The context is also used from other directories.
        if case .unix(let path) = manager.address { manager = Endpoint(.unix(path: FilePath.absolute(path).string)) }
        let authorities = (authoritiesOption ?? Environment.value("CUBE_TLS_CA")).map { FilePath.absolute($0).string }
        let connection = Connection(
            endpoint: manager, token: token, tls: TLSOptions(authorityFile: authorities))
        let client = connection.client(CommandLog.quiet)
        let cluster = try await client.clusterStatus().cluster
        try file.update { $0.add(Contexts.Context(manager: manager, token: token, authorities: authorities), as: name) }
        Terminal.output("Logged in to cluster \(cluster) at \(manager). The context \(name) is in use.")
    }

    /// The token; `nil` for a Unix socket, which needs none.
    private func token() throws -> String? {
        guard case .tcp = manager.address else { return nil }
        return try Environment.value("CUBE_TOKEN") ?? SecretPrompt.read("Token for \(manager): ")
    }
}
