import CubeCertificates
import CubeErrors
import CubeManagerClient
import CubeServer
import CubeSystem
import CubeTransport
import CubeTypes
import Logging
import ServiceLifecycle
import Synchronization

/// The membership of a worker in a cluster whose manager speaks TLS: its certificate, from the first request to each renewal.
///
/// The worker requests its first certificate with a token, and every further one with the current certificate. The current
/// certificate stays in use until the next one is stored.
final class CertifiedMembership: Service {
    /// The certificate of the worker, to which each renewal adds.
    let certificate = RotatingCertificate()
    /// The identity after joining. Its authority stays the same as long as the worker belongs to the cluster.
    let identity = Announcement<WorkerIdentity>()
    private let files: WorkerIdentityFiles
    /// The command that makes the worker forget its cluster.
    private let rejoin: String
    private let rejoinEndingTasks: String
    private let node: NodeName
    /// The cluster that the worker belongs to, if it has joined one.
    private let cluster: @Sendable () throws -> ClusterID?
    private let manager: @Sendable () async throws -> Connection
    private let clock: any Clock<Duration>
    private let random: RandomSource
    private let logger: Logger

    /// - Parameter manager: Returns the connection to the manager, with the token if the user gave one.
    init(
        _ node: NodeName, in data: DataDirectory, cluster: @escaping @Sendable () throws -> ClusterID?,
        manager: @escaping @Sendable () async throws -> Connection, clock: any Clock<Duration> = BootClock.timer,
        random: RandomSource = .system, logger: Logger
    ) {
        self.node = node
        files = data.identity(of: node)
        rejoin = data.command("worker rejoin")
        rejoinEndingTasks = data.command("worker rejoin --end-tasks")
        self.cluster = cluster
        self.manager = manager
        self.clock = clock
        self.random = random
        self.logger = logger
    }

    /// Reads the stored certificate, if there is one.
    ///
    /// - Throws: A `Failure` if the token is for another cluster than the certificate.
    func open() async throws {
        guard let stored = try files.load() else { return }
        // An address that is not known yet says nothing about the token.
        let token = (try? await manager())?.token.flatMap { AccessToken($0) }
        if let wanted = token?.fingerprint, wanted != stored.fingerprint {
            throw Failure(
                "worker \(node) belongs to \(stored.name.cluster), whose authority has the fingerprint \(stored.fingerprint), "
                    + "but the token is for the fingerprint \(wanted)",
                hint: "to move the worker to the other cluster, run \(rejoin) first")
        }
        use(stored)
    }

    private func use(_ stored: WorkerIdentity) {
        certificate.replace(by: stored.bundle)
        if identity.known == nil { identity.announce(stored) }
    }

    /// A client that identifies itself by the worker's certificate, as soon as there is one.
    func client() async throws -> ManagerClient {
        let identity = try await identity.value()
        return try await client(of: identity)
    }

    private func client(of identity: WorkerIdentity) async throws -> ManagerClient {
        var connection = try await manager()
        connection.token = nil
        if connection.tls.authorityFile == nil {
            connection.tls.trust = .authority(pem: identity.authority, name: CertificateName.managerHost)
        }
        connection.tls.identity = { [certificate] in certificate.current.map(TLSOptions.Identity.init) }
        return connection.client(logger)
    }

    /// What clients may do at the worker's listener: nothing without the certificate of the manager.
    func clients(for identity: WorkerIdentity) throws -> ClientCertificates {
        let check = try PeerCheck(
            authority: identity.authority, cluster: identity.name.cluster, owner: "worker \(node)")
        return .ofManager(check, now: { .now })
    }

    // MARK: Renewal

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            var pause = Self.shortestPause
            while !Task.isCancelled {
                if let due = due, due > .now {
                    // The wall clock may be set meanwhile, so it is looked at again.
                    await sleep(min(due - .now, Self.longestPause))
                    continue
                }
                if await attempt() {
                    pause = Self.shortestPause
                } else {
                    await sleep(pause * (0.5 + random.fraction() / 2))
                    pause = min(pause * 2, Self.longestPause)
                }
            }
        }
    }

    private static let shortestPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(30)

    /// When the certificate is due for renewal; `nil` if there is none.
    private var due: Timestamp? { certificate.current?.life.renewal(share: share) }

    /// The share of the jitter that applies to this worker.
    private let share = RandomSource.system.fraction()

    private func sleep(_ span: Duration) async {
        // Cancelled at shutdown.
        try? await clock.sleep(for: span)
    }

    /// Requests a certificate and stores it.
    ///
    /// - Returns: Whether there is a new certificate.
    private func attempt() async -> Bool {
        do {
            guard !files.isRevoked else { throw Self.revoked(node) }
            let key = try files.key()
            let order = CertificateOrder(node: node, cluster: try cluster(), request: try key.request())
            let current = identity.known.flatMap { known in
                certificate.current.flatMap { $0.life.problem(at: .now) == nil ? known : nil }
            }
            let issued: IssuedCertificate
            if let current {
                issued = try await client(of: current).certificate(order)
            } else {
                issued = try await tokenClient().certificate(order)
            }
            let stored = try files.save(issued, for: key)
            if let known = identity.known, known.fingerprint != stored.fingerprint {
                throw Failure("the manager has another authority now; start the worker again")
            }
            use(stored)
            logger.notice(
                current == nil ? "the worker has joined the cluster" : "the certificate was renewed",
                metadata: ["cluster": "\(stored.name.cluster)", "until": "\(stored.bundle.life.until)"])
            return true
        } catch is CancellationError {
            return false
        } catch {
            note(error)
            logger.warning("cannot get a certificate from the manager: \(words(for: explained(error)))")
            return false
        }
    }

    private func tokenClient() async throws -> ManagerClient {
        let connection = try await manager()
        guard let token = connection.token else {
            throw Failure(
                "the worker has no valid certificate and no token",
                hint: "`cube manager token worker` on the machine of the manager prints the command with a token")
        }
        guard AccessToken(token) != nil else {
            throw Failure("the token \(AccessToken.rule)", hint: Self.completeToken)
        }
        return connection.client(logger)
    }

    /// Records durably that the manager has revoked the certificate. The worker then no longer uses its token by itself.
    func note(_ error: any Error) {
        guard (error as? APIError)?.certificateRefusal == .revoked, !files.isRevoked else { return }
        do throws(FileError) { try files.markRevoked() } catch {
            logger.error("cannot record that the certificate was revoked", metadata: ["error": "\(error)"])
        }
    }

    /// Where a token without an error comes from.
    private static let completeToken =
        "`cube manager token worker` on the machine of the manager prints the command with a complete token"

    private static func revoked(_ node: NodeName) -> APIError {
        PeerCheck.refusal(.revoked, "the manager has revoked the certificate of node \(node)")
    }

    /// Adds what to do.
    func explained(_ error: any Error) -> any Error {
        guard var error = error as? APIError else { return error }
        let hint: String? =
            switch error.certificateRefusal {
            case .revoked:
                "the node was removed with `cube node forget`; \(rejoinEndingTasks) ends the tasks that still run here, and lets the "
                    + "worker join again with a new token"
            case .expired, .notYetValid: "set the clocks of both machines, for example with NTP"
            case .unknownAuthority: "the worker belongs to another cluster; run \(rejoin) to move it"
            case .missing, .malformed, .otherName: nil
            case nil where error.isOfUnnamedAuthority:
                "the token has no fingerprint, which is 64 hexadecimal digits after its last dot; \(Self.completeToken)"
            case nil where error.reason == .unauthorized || error.reason == .forbidden:
                "the manager refuses the token; `cube manager token worker` on its machine prints the command with a valid one"
            case nil where error.reason == .foreignCluster:
                "run \(rejoin) to move the worker to this cluster"
            case nil where error.reason == .conflict:
                "`cube node forget \(node)` admits another machine under this name; --name selects another name"
            case nil: nil
            }
        if let hint { error.message += "; \(hint)" }
        return error
    }

    private func words(for error: any Error) -> String {
        guard let failure = error as? Failure else { return "\(error)" }
        return ([failure.message] + [failure.hint].compactMap(\.self)).joined(separator: "; ")
    }
}
