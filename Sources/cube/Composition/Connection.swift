import CubeErrors
import CubeManagerClient
import CubeTypes
import Logging
import SystemPackage

/// How to reach a manager: its address and the token that it asks for.
struct Connection {
    var endpoint: Endpoint
    var token: String?

    func client(_ logger: Logger) -> ManagerClient { ManagerClient(endpoint: endpoint, token: token, logger: logger) }
}

extension ManagerOptions {
    /// A client of the manager that was named, or of the one that runs on the data directory.
    ///
    /// - Parameter role: what the commands may do; those that only look take `read`.
    func client(_ role: TokenFiles.Role) throws -> ManagerClient {
        try connection(role).client(CommandLog.quiet)
    }

    func connection(_ role: TokenFiles.Role) throws -> Connection {
        let data = place.data
        let endpoint: Endpoint
        if let manager {
            endpoint = try Endpoint.parse(manager)
        } else {
            guard try DirectoryLock.holder(of: data.manager) != nil, let url = try Addresses.load(from: data).manager
            else {
                throw Failure(
                    "no manager runs on \(data.path), and neither --manager nor CUBE_MANAGER names one",
                    hint: "`cube up` starts one here")
            }
            endpoint = try Endpoint(checking: url, field: "\(data.run)/addresses.json")
        }
        return Connection(endpoint: endpoint, token: try token(role, for: endpoint))
    }

    private func token(_ role: TokenFiles.Role, for endpoint: Endpoint) throws -> String? {
        if let tokenFile { return try TokenFiles.read(.absolute(tokenFile)) }
        guard case .tcp = endpoint.address else { return nil }
        let files = TokenFiles(directory: place.data.tokens)
        guard files.path(role).exists else {
            throw Failure(
                "the manager at \(endpoint) asks for a token, and \(files.path(role)) is missing",
                hint: "--token-file or CUBE_TOKEN_FILE names a file with one")
        }
        return try files.token(role)
    }
}
