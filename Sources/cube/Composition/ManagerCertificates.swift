import CubeCertificates
import CubeErrors
import CubeServer
import CubeTransport
import CubeTypes
import Logging
import ServiceLifecycle
import SystemPackage

/// The certificates of a manager that speaks TLS: the authority of its cluster, its own certificate, and those of its workers.
struct ManagerCertificates: Sendable {
    let desk: CertificateDesk
    /// The certificate by which the manager identifies itself, to clients and to workers.
    let own: RotatingCertificate
    private let key: CertificateKey
    /// The host name that the manager advertises.
    private let advertised: String?

    /// Opens the authority in the directory of a manager, and creates it at the first start.
    ///
    /// - Parameter lifetime: How long the certificates of workers are valid.
    static func open(
        in data: DataDirectory, cluster: ClusterID, lifetime: Duration, advertised: Endpoint?
    ) throws -> ManagerCertificates {
        let directory = data.certificates
        let authority = try CertificateAuthority.loadOrCreate(in: directory, cluster: cluster, at: .now)
        let desk = CertificateDesk(
            authority: authority, keys: try NodeKeys(file: directory.appending("nodes.json")), lifetime: lifetime,
            now: { .now })
        var host: String?
        if let advertised, case .tcp(let name, _) = advertised.address { host = name }
        let certificates = ManagerCertificates(
            desk: desk, own: RotatingCertificate(), key: CertificateKey(), advertised: host)
        try certificates.issueOwn(for: certificates.hosts)
        return certificates
    }

    /// The names and addresses of this machine, by which clients without the internal name connect.
    private var hosts: [String] {
        let names = ["localhost", "127.0.0.1", "::1", ForegroundProcess.fullHostName, advertised].compactMap(\.self)
        return Set(names + IPAddress.ofInterfaces()).sorted()
    }

    private func issueOwn(for hosts: [String]) throws {
        own.replace(
            by: try desk.authority.issue(
                .manager(desk.authority.cluster), for: key, hosts: hosts,
                life: CertificateLife(issuedAt: .now, lasting: CertificateDesk.standardLifetime)))
    }

    /// The verification of the worker of a node, and the manager's own certificate.
    func options(for node: NodeName) -> TLSOptions {
        var options = TLSOptions()
        options.trust = .authority(pem: Array(desk.authority.pem.utf8), name: CertificateName.host(of: node))
        options.identity = { [own] in own.current.map(TLSOptions.Identity.init) }
        return options
    }

    /// Renews the manager's own certificate before it expires, and when the addresses of the machine change.
    func keeper(_ logger: Logger) -> some Service {
        RepeatedWork(every: .seconds(20)) { [self] hosts in
            let now = self.hosts
            let isDue = own.current.map { $0.life.renewal(share: 0) <= .now } ?? true
            guard isDue || hosts != now else { return hosts }
            do {
                try issueOwn(for: now)
                return now
            } catch {
                logger.error(
                    "cannot renew the manager's certificate; the former one stays in use",
                    metadata: ["error": "\(error)"])
                return hosts
            }
        }
    }
}

extension TLSOptions.Identity {
    init(_ bundle: CertificateBundle) { self.init(chain: bundle.chain, key: bundle.key) }
}
