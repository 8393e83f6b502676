import CubeCertificates
import CubeServer
import CubeSystem
import CubeTypes

/// What another machine needs to reach the manager of a data directory: its address and the fingerprint of its authority.
struct ManagerInvitation: Hashable {
    /// An address that other machines can reach, unless the manager listens only on this one.
    var url: Endpoint
    /// The fingerprint of the cluster's authority; `nil` if the manager speaks no TLS.
    var fingerprint: CertificateFingerprint?

    /// - Throws: A `Failure` if no manager has announced its address.
    static func load(from data: DataDirectory) throws -> ManagerInvitation {
        guard let url = try Addresses.load(from: data).manager else {
            throw Failure(
                "no manager is running on \(data.path)", hint: "start it with `cube manager --listen 0.0.0.0:8081`")
        }
        let endpoint = try Endpoint(checking: url, field: "\(data.run)/addresses.json")
        guard endpoint.isSecure else { return ManagerInvitation(url: endpoint) }
        let file = CertificateAuthority.certificateFile(in: data.certificates)
        guard let pem = try NamedFile.read(file) else { throw Failure("\(file) is missing") }
        return ManagerInvitation(
            url: outward(endpoint), fingerprint: try CertificateAuthority.fingerprint(ofPEM: pem))
    }

    /// The text of a token for the other machine.
    func token(_ secret: String) -> AccessToken { AccessToken(secret: secret, fingerprint: fingerprint) }

    /// Replaces the loopback address, which stands for a listener on all addresses, by one that others can reach.
    private static func outward(_ endpoint: Endpoint) -> Endpoint {
        guard case .tcp(let host, let port) = endpoint.address, endpoint.address.isOfThisMachineAlone else {
            return endpoint
        }
        let isIPv6 = host.contains(":")
        let other = IPAddress.ofInterfaces().first {
            $0.contains(":") == isIPv6 && !Endpoint.Address.tcp(host: $0, port: port).isOfThisMachineAlone
        }
        return other.map { Endpoint(.tcp(host: $0, port: port), isSecure: true) } ?? endpoint
    }
}
