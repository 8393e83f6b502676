import ArgumentParser
import CubeServer
import CubeTypes

/// Where a server listens, and how others reach it.
struct ListenOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where to listen: HOST:PORT or unix:PATH. Port 0 asks for a free one.", valueName: "address"),
        transform: ListenOptions.address)
    var listen: Endpoint.Address?

    @Option(
        help: ArgumentHelp(
            "How others reach it, where that is not the address it listens on: http://HOST:PORT or unix:PATH.",
            valueName: "url"),
        transform: Endpoint.parse)
    var advertise: Endpoint?

    @Flag(help: "Allow an address that other machines reach, though tokens travel in clear text.")
    var insecure = false

    @Option(
        help: ArgumentHelp(
            "How many connections with a token are served at a time; each blocking query and each followed log holds one. More "
                + "are refused with 429. Those of Cube itself on this machine do not count. "
                + "(default: \(ServerLimits().connections), or fewer where the limit of open files is low)",
            valueName: "count"))
    var maxConnections: Int?

    func validate() throws {
        guard let maxConnections, maxConnections < 1 else { return }
        throw ValidationError("--max-connections: \(maxConnections) is below 1")
    }

    func choice(default standard: Endpoint.Address) -> Choice {
        Choice(listen: listen ?? standard, advertise: advertise, insecure: insecure, maxConnections: maxConnections)
    }

    /// What was chosen.
    struct Choice: Sendable {
        var listen: Endpoint.Address
        var advertise: Endpoint?
        var insecure = false
        var maxConnections: Int?

        /// A free port of this machine alone.
        static let free = Choice(listen: .tcp(host: "127.0.0.1", port: 0))

        func server(
            _ tokens: TokenSet, onReady: @Sendable @escaping (Endpoint) async -> Void
        ) throws -> ServerOptions {
            var limits = OpenFiles.fit(ServerLimits())
            if let maxConnections {
                limits.connections = maxConnections
                try OpenFiles.require(for: limits)
            }
            var hosts: Set<String> = []
            if let advertise, case .tcp(let host, _) = advertise.address { hosts.insert(host) }
            return try ServerOptions(
                listen: listen, insecure: insecure, hosts: hosts, tokens: tokens, limits: limits, onReady: onReady)
        }
    }

    static func address(_ text: String) throws -> Endpoint.Address {
        guard let address = Endpoint.Address(text) else {
            throw ValidationError("\"\(text)\" \(Endpoint.Address.rule)")
        }
        return address
    }
}
