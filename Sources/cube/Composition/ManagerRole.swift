import CubeCertificates
import CubeManager
import CubeServer
import CubeSystem
import CubeTypes
import Logging
import ServiceLifecycle
import SystemPackage

/// A manager in this process: its store, its service and its HTTP server, from start to shutdown.
struct ManagerRole: Service {
    var data: DataDirectory
    var listen: ListenOptions.Choice
    /// The name of this process for the lock files, shown to a second process that needs the same directory.
    var holder: String
    var policy: SchedulingPolicy = .spread
    /// Whether the policy `spread` prefers nodes that have the image of a task.
    var prefersImages = true
    /// How long the certificates that the manager issues are valid.
    var certificateLifetime = CertificateDesk.standardLifetime
    var log: DaemonLog
    /// Known as soon as the manager listens.
    let endpoint = Announcement<Endpoint>()

    func run() async throws {
        let logger = log("manager")
        let lock = try DirectoryLock.take(data.manager, for: holder)
        defer { withExtendedLifetime(lock) {} }
        let tokens = try TokenSet.loadOrCreate(directory: data.tokens.string)
        let credentials = Announcement<ManagerCertificates>()
        let manager = try await reporting {
            try await ManagerService.open(
                store: try SQLiteStore.open(directory: data.manager),
                gateway: WorkerClientGateway(
                    token: tokens[.worker] ?? "", certificates: { credentials.known }, logger: logger),
                options: CubeManager.ManagerOptions(
                    policy: policy, prefersImages: prefersImages, advertised: listen.advertise), logger: logger,
                moment: { .now() })
        }
        let supplied = try listen.files.map(SuppliedCertificate.init)
        var services: [any Service] = supplied.map { [$0.reloader(logger)] } ?? []
        var tls: ServerTLS?
        if listen.speaksTLS {
            let certificates = try ManagerCertificates.open(
                in: data, cluster: manager.clusterID, lifetime: certificateLifetime, advertised: listen.advertise)
            credentials.announce(certificates)
            services.append(certificates.keeper(logger))
            tls = ServerTLS(
                own: certificates.own, supplied: supplied?.certificate, clients: try .ofWorkers(certificates.desk))
        }
        let server = ManagerServer(
            manager, desk: credentials.known?.desk,
            options: try listen.server(tokens, tls: tls) { [data, listen, endpoint, logger] address in
                let advertised = listen.advertise ?? address.reachable(from: nil)
                Addresses.tell(in: data, logger) { $0.manager = advertised.rawValue }
                logger.info("manager is listening", metadata: ["url": "\(advertised)"])
                endpoint.announce(address)
            }, logger: log.server("manager"))
        try await reporting { try await ServiceGroup([server, manager] + services).run() }
        Addresses.tell(in: data, logger) { $0.manager = nil }
    }

    /// Turns an error of the store into a `Failure` with a location and a hint.
    private func reporting<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        do { return try await body() } catch let error as StoreError {
            throw Self.failure(error, of: data)
        }
    }

    static func failure(_ error: StoreError, of data: DataDirectory) -> Failure {
        let file = data.manager.appending(SQLiteStore.fileName)
        return switch error {
        case .full(let text):
            Failure(
                "the disk that contains the manager's store \(file) is full: \(text)",
                hint: "free some disk space; running tasks are not affected")
        case .damaged(let text):
            Failure(
                "the manager's store \(file) is damaged: \(text)",
                hint: "restore a backup with \(data.command("manager restore FILE")); running tasks are not affected")
        case .failed(let text) where !file.exists:
            Failure(
                "the manager's store failed: \(text)",
                hint:
                    "put \(data.manager) back, or run \(data.command("manager restore FILE")); running tasks are not affected"
            )
        case .failed(let text):
            Failure(
                "the manager's store in \(data.manager) failed: \(text)",
                hint: "\(data.command("doctor")) checks the store and its disk; running tasks are not affected")
        }
    }
}
