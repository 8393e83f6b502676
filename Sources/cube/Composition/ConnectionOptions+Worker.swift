import CubeCertificates
import CubeServer
import CubeSystem
import CubeTypes

extension ConnectionOptions {
    /// The manager that the user names; `nil` if the user names none.
    private var namedManager: Endpoint? {
        get throws {
            guard case .given(let endpoint, _) = try choice(.none) else { return nil }
            return endpoint
        }
    }

    /// Whether the manager that the user names speaks TLS; `nil` if the user names none.
    var namesSecureManager: Bool? { get throws { try namedManager?.isSecure } }

    /// Whether the manager that runs on the data directory speaks TLS.
    var hasSecureManager: Bool {
        // If no manager is running, the answer is no.
        (try? connection(.worker, .none, needsToken: false))?.endpoint.isSecure ?? false
    }

    /// The address on which a worker listens by default: one that its manager can reach, if the manager is on another machine.
    var standardWorkerAddress: Endpoint.Address {
        get throws {
            let port = 8080
            guard let endpoint = try namedManager, endpoint.isSecure,
                case .tcp(let host, let managerPort) = endpoint.address, !endpoint.address.isOfThisMachineAlone
            else { return .tcp(host: "127.0.0.1", port: port) }
            let isIPv6 = IPAddress.source(toward: host, port: managerPort)?.contains(":") ?? false
            return .tcp(host: isIPv6 ? "::" : "0.0.0.0", port: port)
        }
    }
}

extension Endpoint {
    /// The endpoint at which others reach a listener. A listener on all addresses is reached at the one from which this machine
    /// reaches the manager, or at the loopback address if there is no manager to reach.
    ///
    /// An endpoint without TLS stays as it is.
    func reachable(from manager: Endpoint?) -> Endpoint {
        guard isSecure, case .tcp(let host, let port) = address, ["0.0.0.0", "::"].contains(host) else { return self }
        if let manager, case .tcp(let managerHost, let managerPort) = manager.address,
            let source = IPAddress.source(toward: managerHost, port: managerPort)
        {
            return Endpoint(.tcp(host: source, port: port), isSecure: true)
        }
        return Endpoint(.tcp(host: host == "::" ? "::1" : "127.0.0.1", port: port), isSecure: true)
    }
}
