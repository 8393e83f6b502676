import ArgumentParser
import CubeErrors
import CubeManagerClient
import CubeOrchestratorClient
import CubeServer
import CubeTypes
import Logging
import SystemPackage

/// How to reach a manager: its address and the token that it asks for.
struct Connection {
    var endpoint: Endpoint
    var token: String?

    func client(_ logger: Logger) -> ManagerClient {
        ManagerClient(endpoint: endpoint, token: token, options: ClientOptions(logger: logger))
    }
}

extension ConnectionOptions {
    /// A client that may only look.
    func reader() throws -> ManagerClient { try connection(.read).client(CommandLog.quiet) }

    /// A client for following. After a failure it looks up the manager of the data directory again: a manager that was started
    /// anew may listen on another port.
    func follower() throws -> ManagerClient {
        let connection = try connection(.read)
        guard manager == nil else { return connection.client(CommandLog.following) }
        return OrchestratorClient(
            managers: LocalDiscovery(data: place.data), named: connection.endpoint.description, token: connection.token,
            options: ClientOptions(logger: CommandLog.following)
        ).manager
    }

    /// A client for looking that is told the values of `env` where this user may know them: they are compared and never shown.
    func comparer() throws -> ManagerClient {
        // Without the right to write, what is hidden is not compared.
        guard let connection = try? connection(.write) else { return try reader() }
        return connection.client(CommandLog.quiet)
    }

    /// A client that may change things.
    func writer() throws -> ManagerClient { try connection(.write).client(CommandLog.quiet) }

    /// A client that may only look, of the manager that runs on the data directory, whichever was named.
    func localReader() throws -> ManagerClient {
        let endpoint = try localEndpoint()
        return Connection(endpoint: endpoint, token: try localToken(.read, for: endpoint)).client(CommandLog.quiet)
    }

    /// The way to the manager that was named, or to the one that runs on the data directory.
    func connection(_ role: TokenSet.Role) throws -> Connection {
        try OpenFiles.requireForClient()
        let endpoint = try namedEndpoint() ?? localEndpoint()
        let token = try tokenInFile ?? localToken(role, for: endpoint)
        return Connection(endpoint: endpoint, token: token)
    }

    private func namedEndpoint() throws -> Endpoint? {
        guard let manager else { return nil }
        guard let named = Endpoint(rawValue: manager) else {
            let origin = managerOption == nil ? "CUBE_MANAGER" : "--manager"
            throw ArgumentParser.ValidationError("\(origin): \"\(manager)\" \(Endpoint.rule)")
        }
        return named
    }

    private func localEndpoint() throws -> Endpoint {
        let data = place.data
        guard try DirectoryLock.holder(of: data.manager) != nil, let url = try Addresses.load(from: data).manager
        else {
            throw Failure(
                "no manager runs on \(data.path), and neither --manager nor CUBE_MANAGER names one",
                hint: "`cube up` starts one here")
        }
        return try Endpoint(checking: url, field: "\(data.run)/addresses.json")
    }

    /// The token of the data directory, where the way to a manager needs one.
    private func localToken(_ role: TokenSet.Role, for endpoint: Endpoint) throws -> String? {
        guard case .tcp = endpoint.address else { return nil }
        let directory = place.data.tokens
        guard let token = try TokenSet.load(directory: directory.string)[role] else {
            throw Failure(
                "the manager at \(endpoint) asks for a token, and \(directory.appending(role.rawValue)) is missing",
                hint: "--token-file or CUBE_TOKEN_FILE names a file with one; where tokens/ was deleted, start the "
                    + "manager again: it makes new ones")
        }
        return token
    }

    /// The token of the file that was named; `nil` where none was.
    var tokenInFile: String? { get throws { try tokenFile.map { try Self.token(in: .absolute($0)) } } }

    private static func token(in path: FilePath) throws -> String {
        guard let bytes = try AtomicFile.read(path) else { throw Failure("\(path): there is no such file") }
        let token = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard !token.isEmpty else { throw Failure("\(path): the file holds no token") }
        return token
    }
}

/// The manager that runs on a data directory.
private struct LocalDiscovery: Discovery {
    let data: DataDirectory

    func managers() async throws -> [Endpoint] {
        guard let url = try Addresses.load(from: data).manager else {
            throw APIError(.unavailable, "no manager runs on \(data.path)")
        }
        return [try Endpoint(checking: url, field: "\(data.run)/addresses.json")]
    }
}
