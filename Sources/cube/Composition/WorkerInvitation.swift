import CubeManagerClient
import CubeServer
import CubeTypes

/// What a worker on another machine needs in order to join: the address of the manager, and a token.
struct WorkerInvitation {
    /// The command to run on the other machine.
    let command: String
    /// A remark for the person who passes the command on; `nil` if there is nothing to say.
    let note: String?

    /// Creates the invitation of the manager to which the options refer, on the machine of the manager.
    ///
    /// With TLS, it contains a new token of the role `worker`, which names the authority of the manager and can be used for
    /// `lifetime`. Without, manager and worker authenticate each other with one secret that both know: that in the data
    /// directory of the manager, and not one that the manager issued, of which the manager knows only the digest.
    init(from options: ConnectionOptions, lifetime: Duration) async throws {
        let connection = try options.connection(.worker, .none)
        guard case .tcp(let host, _) = connection.endpoint.address, let token = connection.token else {
            throw Failure(
                "the manager listens on \(connection.endpoint), which no other machine can reach",
                hint: "start the manager with --listen HOST:PORT")
        }
        guard connection.endpoint.isSecure else {
            command = "CUBE_TOKEN=\(token) cube worker --join \(connection.endpoint)"
            note =
                host == "localhost" || host == "::1" || host.hasPrefix("127.")
                ? "Only workers on this machine can reach \(connection.endpoint). For others, start the manager with --listen HOST:PORT."
                : nil
            return
        }
        let manager = try ManagerInvitation.load(from: options.place.data)
        let secret = TokenSecret()
        let name = try TokenName(checking: "join-\(secret.digest.rawValue.suffix(8))", field: "name")
        let issued = try await options.writer(.none).issueToken(
            TokenRequest(name: name, role: .worker, digest: secret.digest, lifetime: lifetime))
        command = "CUBE_TOKEN=\(manager.token(secret.text).text) cube worker --join \(manager.url)"
        note =
            "Token \(name) can be used until \(issued.expiresAt), for several workers; a worker that has joined no longer needs it."
    }
}
