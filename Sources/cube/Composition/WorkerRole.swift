import CubeCore
import CubeManagerClient
import CubeServer
import CubeSystem
import CubeTypes
import CubeWorker
import Logging
import ServiceLifecycle
import SystemPackage

/// A worker in this process: its service and its HTTP server, from start to shutdown. Its tasks outlive it.
struct WorkerRole: Service {
    var data: DataDirectory
    var name: NodeName
    var listen: ListenOptions.Choice
    var holder: String
    var labels: [String: String] = [:]
    /// The directory of secrets. Default: the one in the data directory.
    var secrets: FilePath?
    /// The kinds of tasks that the worker runs.
    var runtimes: Set<RuntimeKind> = [.process, .docker]
    /// What its tasks may have beyond the safe default.
    var allowances = NodeAllowances.none
    /// The token that its manager uses, if it differs from the one in the data directory.
    var token: String?
    /// Whether the worker joins a manager.
    var isToJoin = true
    /// Whether its manager speaks TLS, so that both sides identify themselves by certificates.
    var usesCertificates = false
    /// Returns the connection to its manager, as soon as it is known. Called before each call.
    var manager: @Sendable () async throws -> Connection
    var log: DaemonLog
    /// The advertised URL, known as soon as the worker listens.
    let url = Announcement<String>()

    func run() async throws {
        let logger = log("worker")
        let directory = data.worker(name)
        let lock = try DirectoryLock.take(directory, for: holder)
        defer { withExtendedLifetime(lock) {} }
        let tokens = try TokenSet.loadOrCreate(directory: data.tokens.string).with(token, for: .worker)
        let membership = usesCertificates ? membership(logger) : nil
        try await membership?.open()
        let worker = try await WorkerService.open(
            WorkerOptions(
                name: name, directory: directory, supervisor: try SupervisorProgram.require(), labels: labels,
                passage: [data.path, directory.removingLastComponent()], secrets: secrets ?? data.secrets,
                isToJoin: isToJoin, runtimes: runtimes, engineSocket: RuntimeOptions.socket,
                allowances: allowances, command: { [data] in data.command($0) }),
            registrar: registrar(membership, logger), clock: BootClock.timer, now: { .now() }, random: .system,
            logger: logger)
        let supplied = try listen.files.map(SuppliedCertificate.init)
        let others: [any Service] = (supplied.map { [$0.reloader(logger)] } ?? []) + (membership.map { [$0] } ?? [])
        let listener = StartedLater { try await server(worker, tokens, membership, supplied, logger) }
        try await ServiceGroup([listener, worker] + others).run()
        Addresses.tell(in: data, logger) { $0.workers.removeAll { $0 == url.known } }
    }

    private func registrar(_ membership: CertifiedMembership?, _ logger: Logger) -> ManagerClientRegistrar {
        guard let membership else {
            return ManagerClientRegistrar {
                let connection = try await manager()
                guard !connection.endpoint.isSecure else {
                    throw Failure(
                        "the manager speaks TLS since this worker was started", hint: "start the worker again")
                }
                return connection.client(logger)
            }
        }
        return ManagerClientRegistrar(client: { try await membership.client() }) { error in
            membership.note(error)
            return membership.explained(error)
        }
    }

    private func membership(_ logger: Logger) -> CertifiedMembership {
        let records = data.records(of: name)
        return CertifiedMembership(
            name, in: data, cluster: { try records.cluster() }, manager: manager, logger: logger)
    }

    /// The server of the worker. A worker with a membership listens when it has a certificate.
    private func server(
        _ worker: WorkerService, _ tokens: TokenSet, _ membership: CertifiedMembership?,
        _ supplied: SuppliedCertificate?,
        _ logger: Logger
    ) async throws -> WorkerServer {
        var tls = supplied.map { ServerTLS(supplied: $0.certificate) }
        if let membership {
            tls = ServerTLS(
                own: membership.certificate, supplied: supplied?.certificate,
                clients: try membership.clients(for: try await membership.identity.value()))
        }
        // Without the address of the manager, the worker advertises its loopback address.
        let manager = usesCertificates ? (try? await manager())?.endpoint : nil
        return WorkerServer(
            worker,
            options: try listen.server(tokens, tls: tls) {
                [data, listen, logger, url] address in
                let advertised = (listen.advertise ?? address.reachable(from: manager)).rawValue
                Addresses.tell(in: data, logger) { addresses in
                    addresses.workers = Set(addresses.workers + [advertised]).sorted()
                }
                url.announce(advertised)
                logger.info("worker is listening", metadata: ["url": "\(advertised)"])
                await worker.advertise(url: advertised)
            }, logger: log.server("worker"))
    }
}
