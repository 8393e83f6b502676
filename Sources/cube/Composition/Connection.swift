import ArgumentParser
import CubeErrors
import CubeManagerClient
import CubeOrchestratorClient
import CubeServer
import CubeSystem
import CubeTypes
import Logging
import SystemPackage

/// The address of a manager, and the token that it requires.
struct Connection {
    var endpoint: Endpoint
    var token: String?

    func client(_ logger: Logger) -> ManagerClient {
        ManagerClient(endpoint: endpoint, token: token, options: ClientOptions(logger: logger))
    }
}

extension ConnectionOptions {
    /// A client with read access.
    func reader() throws -> ManagerClient { try connection(.read).client(CommandLog.quiet) }

    /// A client for streams. After a failure, it looks up the address of the data directory's manager again, because a
    /// restarted manager may listen on another port.
    func follower() throws -> ManagerClient {
        let connection = try connection(.read)
        guard manager == nil else { return connection.client(CommandLog.following) }
        return OrchestratorClient(
            managers: LocalDiscovery(data: place.data), named: connection.endpoint.description, token: connection.token,
            options: ClientOptions(logger: CommandLog.following)
        ).manager
    }

    /// A client for reading that receives the values of `env` if this user may know them. The values are compared, but
    /// never shown.
    func comparer() throws -> ManagerClient {
        // Without write access, the hidden values are not compared.
        guard let connection = try? connection(.write) else { return try reader() }
        return connection.client(CommandLog.quiet)
    }

    /// A client with write access.
    func writer() throws -> ManagerClient { try connection(.write).client(CommandLog.quiet) }

    /// A client with read access to the manager that runs on the data directory, even if another manager was named.
    func localReader() throws -> ManagerClient {
        let endpoint = try localEndpoint()
        return Connection(endpoint: endpoint, token: try localToken(.read, for: endpoint)).client(CommandLog.quiet)
    }

    /// The connection to the named manager or, if none was named, to the one that runs on the data directory.
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
                "no manager is running on \(data.path), and neither --manager nor CUBE_MANAGER is set",
                hint: "start one with `cube up`")
        }
        return try Endpoint(checking: url, field: "\(data.run)/addresses.json")
    }

    /// The token from the data directory, if the connection needs one.
    private func localToken(_ role: TokenSet.Role, for endpoint: Endpoint) throws -> String? {
        guard case .tcp = endpoint.address else { return nil }
        let directory = place.data.tokens
        guard let token = try TokenSet.load(directory: directory.string)[role] else {
            throw Failure(
                "the manager at \(endpoint) requires a token, and \(directory.appending(role.rawValue)) is missing",
                hint:
                    "set --token-file or CUBE_TOKEN_FILE; if tokens/ was deleted, restart the manager, which creates new "
                    + "tokens")
        }
        return token
    }

    /// The token from the file that the user named; `nil` if none was named.
    var tokenInFile: String? { get throws { try tokenFile.map { try Self.token(in: .absolute($0)) } } }

    private static func token(in path: FilePath) throws -> String {
        guard let bytes = try NamedFile.read(path) else { throw Failure("\(path): no such file") }
        let token = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard !token.isEmpty else { throw Failure("\(path): the file contains no token") }
        return token
    }
}

/// Finds the manager that runs on a data directory.
private struct LocalDiscovery: Discovery {
    let data: DataDirectory

    func managers() async throws -> [Endpoint] {
        guard let url = try Addresses.load(from: data).manager else {
            throw APIError(.unavailable, "no manager is running on \(data.path)")
        }
        return [try Endpoint(checking: url, field: "\(data.run)/addresses.json")]
    }
}
