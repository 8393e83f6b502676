import ArgumentParser
import CubeCertificates
import CubeServer
import CubeTypes

/// The address on which a server listens, and the address that it advertises.
struct ListenOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Address to listen on: HOST:PORT or unix:PATH. Port 0 picks a free port.", valueName: "address"),
        transform: ListenOptions.address)
    var listen: Endpoint.Address?

    @Option(
        help: ArgumentHelp(
            "Address that others use to reach this process, if it differs from --listen: http://HOST:PORT, https://HOST:PORT or unix:PATH.",
            valueName: "url"),
        transform: Endpoint.parse)
    var advertise: Endpoint?

    @Option(
        help: ArgumentHelp(
            "PEM file with the certificate for clients that connect by a host name, followed by those that lead to its authority. Read again when it changes. (CUBE_TLS_CERTIFICATE)",
            valueName: "file"), completion: .file())
    var tlsCertificate: String?

    @Option(
        help: ArgumentHelp(
            "PEM file with the private key of --tls-certificate. (CUBE_TLS_KEY)", valueName: "file"),
        completion: .file())
    var tlsKey: String?

    @Flag(
        help:
            "Use no TLS on an address that other machines can reach, although tokens are then sent in clear text.")
    var insecure = false

    @Option(
        help: ArgumentHelp(
            "Maximum number of concurrent connections with a token. Each blocking query and each followed log uses one; "
                + "further connections receive 429. Cube's own connections on this machine are not counted. "
                + "(default: \(ServerLimits().connections), or fewer if the limit of open files is low)",
            valueName: "count"))
    var maxConnections: Int?

    func validate() throws {
        if let maxConnections, maxConnections < 1 {
            throw ValidationError("--max-connections: \(maxConnections) is below 1")
        }
        let isComplete = (certificatePath == nil) == (keyPath == nil)
        guard isComplete else {
            throw ValidationError("--tls-certificate and --tls-key belong together; set both or none")
        }
    }

    private var certificatePath: String? { tlsCertificate ?? Environment.value("CUBE_TLS_CERTIFICATE") }
    private var keyPath: String? { tlsKey ?? Environment.value("CUBE_TLS_KEY") }

    /// The certificate that the user supplies.
    private var files: CertificateFiles? {
        guard let certificatePath, let keyPath else { return nil }
        return CertificateFiles(certificate: .absolute(certificatePath), key: .absolute(keyPath))
    }

    func choice(default standard: Endpoint.Address) -> Choice {
        Choice(
            listen: listen ?? standard, advertise: advertise, insecure: insecure, maxConnections: maxConnections,
            files: files)
    }

    /// The resolved options.
    struct Choice: Sendable {
        var listen: Endpoint.Address
        var advertise: Endpoint?
        var insecure = false
        var maxConnections: Int?
        var files: CertificateFiles?

        /// Whether the listener speaks TLS: by default, if other machines can reach it.
        var speaksTLS: Bool { files != nil || !insecure && !listen.isOfThisMachineAlone }

        /// A free port on the loopback interface.
        static let free = Choice(listen: .tcp(host: "127.0.0.1", port: 0))

        func server(
            _ tokens: TokenSet, tls: ServerTLS? = nil, onReady: @Sendable @escaping (Endpoint) async -> Void
        ) throws -> ServerOptions {
            var limits = OpenFiles.fit(ServerLimits())
            if let maxConnections {
                limits.connections = maxConnections
                try OpenFiles.require(for: limits)
            }
            var hosts: Set<String> = []
            if let advertise, case .tcp(let host, _) = advertise.address { hosts.insert(host) }
            return try ServerOptions(
                listen: listen, insecure: insecure, hosts: hosts, tokens: tokens, tls: tls, limits: limits,
                onReady: onReady)
        }
    }

    static func address(_ text: String) throws -> Endpoint.Address {
        guard let address = Endpoint.Address(text) else {
            throw ValidationError("\"\(text)\" \(Endpoint.Address.rule)")
        }
        return address
    }
}
