import ArgumentParser
import CubeCertificates
import CubeErrors
import CubeManagerClient
import CubeOrchestratorClient
import CubeServer
import CubeSystem
import CubeTransport
import CubeTypes
import Logging
import SystemPackage

/// The address of a manager, and the token that it requires.
struct Connection {
    var endpoint: Endpoint
    var token: String?
    /// How a manager at an https address is verified.
    var tls = TLSOptions()

    /// The fingerprint of the authority that certifies the manager; `nil` if that is not known, or if the manager speaks no TLS.
    var fingerprint: CertificateFingerprint? {
        guard endpoint.isSecure else { return nil }
        // A certificate that cannot be parsed has no fingerprint, and the connection fails.
        if case .authority(let pem, _) = tls.trust { return try? CertificateAuthority.fingerprint(ofPEM: pem) }
        return token.flatMap { AccessToken($0) }?.fingerprint
    }

    func client(_ logger: Logger) -> ManagerClient {
        ManagerClient(endpoint: endpoint, token: token, options: ClientOptions(logger: logger, tls: tls))
    }
}

extension ConnectionOptions {
    /// A client with read access.
    func reader() throws -> ManagerClient { try connection(.read).client(CommandLog.quiet) }

    /// A client for streams. After a failure, it looks up the address of the data directory's manager again, because a
    /// restarted manager may listen on another port.
    func follower(_ role: TokenSet.Role = .read) throws -> ManagerClient {
        let connection = try connection(role)
        guard case .local = try choice() else { return connection.client(CommandLog.following) }
        return OrchestratorClient(
            managers: LocalDiscovery(data: place.data), named: connection.endpoint.description, token: connection.token,
            options: ClientOptions(logger: CommandLog.following, tls: connection.tls)
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
    func writer(_ use: ManagerChoice.ContextUse = .current) throws -> ManagerClient {
        try connection(.write, use).client(CommandLog.quiet)
    }

    /// A client with read access to the manager that runs on the data directory, even if another manager was named.
    func localReader() throws -> ManagerClient {
        let endpoint = try localEndpoint()
        return Connection(
            endpoint: endpoint, token: try localToken(.read, for: endpoint), tls: try localTrust()
        ).client(CommandLog.quiet)
    }

    /// The connection to the manager that ``choice(_:)`` selects.
    ///
    /// - Parameter needsToken: `false` for a caller that may identify itself by a certificate instead.
    func connection(
        _ role: TokenSet.Role, _ use: ManagerChoice.ContextUse = .current, needsToken: Bool = true
    ) throws -> Connection {
        try OpenFiles.requireForClient()
        let choice = try choice(use)
        ContextInUse.note(choice)
        switch choice {
        case .context(_, let context, _):
            return Connection(
                endpoint: context.manager, token: try givenToken ?? context.token,
                tls: TLSOptions(authorityFile: try givenTrust().authorityFile ?? context.authorities))
        case .given(let endpoint, _):
            if let token = try givenToken { return Connection(endpoint: endpoint, token: token, tls: try givenTrust()) }
            let authority = CertificateAuthority.certificateFile(in: place.data.certificates)
            guard !endpoint.isSecure || authority.exists else {
                // The tokens of this data directory are not those of a manager on another machine.
                guard needsToken else { return Connection(endpoint: endpoint, tls: try givenTrust()) }
                throw Failure(
                    "the manager at \(endpoint) requires a token",
                    hint:
                        "log in with `cube login`, or set CUBE_TOKEN, or --token-file to a file that contains the token"
                )
            }
            return try localConnection(to: endpoint, role)
        case .local: return try localConnection(to: try localEndpoint(), role)
        }
    }

    /// A connection to a manager whose tokens and authority are in the data directory.
    private func localConnection(to endpoint: Endpoint, _ role: TokenSet.Role) throws -> Connection {
        Connection(
            endpoint: endpoint, token: try givenToken ?? localToken(role, for: endpoint),
            tls: endpoint.isSecure ? try localTrust() : TLSOptions())
    }

    /// The authorities that the user names, or those of this machine.
    private func givenTrust() throws -> TLSOptions {
        TLSOptions(authorityFile: authorities.map { FilePath.absolute($0).string })
    }

    /// The authority of the manager of the data directory, unless the user names others.
    private func localTrust() throws -> TLSOptions {
        var options = try givenTrust()
        let file = CertificateAuthority.certificateFile(in: place.data.certificates)
        if options.authorityFile == nil, let pem = try NamedFile.read(file) {
            options.trust = .authority(pem: pem, name: CertificateName.managerHost)
        }
        return options
    }

    private func localEndpoint() throws -> Endpoint {
        let data = place.data
        guard try DirectoryLock.holder(of: data.manager) != nil, let url = try Addresses.load(from: data).manager
        else {
            throw Failure(
                "no manager is running on \(data.path), and neither --manager nor CUBE_MANAGER is set",
                hint: "start one with `cube up`, or use one on another machine with `cube login`")
        }
        return try Endpoint(checking: url, field: "\(data.run)/addresses.json")
    }

    /// The token from the data directory, if the connection needs one.
    private func localToken(_ role: TokenSet.Role, for endpoint: Endpoint) throws -> String? {
        guard case .tcp = endpoint.address else { return nil }
        let directory = place.data.tokens
        guard let token = try TokenSet.token(of: role, in: directory.string) else {
            throw Failure(
                "the manager at \(endpoint) requires a token, and \(directory.appending(role.rawValue)) is missing",
                hint:
                    "set --token-file or CUBE_TOKEN_FILE; if tokens/ was deleted, restart the manager, which creates new "
                    + "tokens")
        }
        return token
    }

    /// The token that the user gave: in the file of `--token-file`, in `CUBE_TOKEN`, or in the file of `CUBE_TOKEN_FILE`; `nil` if none
    /// was given.
    ///
    /// - Throws: A usage error if both variables are set.
    var givenToken: String? {
        get throws {
            if let tokenFileOption { return try Self.token(in: .absolute(tokenFileOption)) }
            let token = Environment.value("CUBE_TOKEN")
            guard let file = Environment.value("CUBE_TOKEN_FILE") else { return token }
            guard token == nil else {
                throw ArgumentParser.ValidationError("CUBE_TOKEN and CUBE_TOKEN_FILE must not both be set")
            }
            return try Self.token(in: .absolute(file))
        }
    }

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
