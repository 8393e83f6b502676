import CubeCore
import CubeManagerClient
import CubeReconciler
import CubeServer
import CubeSystem
import CubeTypes
import Logging
import ServiceLifecycle
import SystemPackage

/// A reconciler in this process, from start to shutdown.
struct ReconcilerRole: Service {
    private let data: DataDirectory
    private let listen: ListenOptions.Choice
    private let holder: String
    private let log: DaemonLog
    private let webhookSecret: FilePath?
    private let service: ReconcilerService
    /// Known as soon as the reconciler listens.
    let endpoint = Announcement<Endpoint>()

    init(
        data: DataDirectory, origin: ManifestOrigin, owner: OwnerName, listen: ListenOptions.Choice = .free,
        holder: String, webhookSecret: FilePath? = nil, observesOnly: Bool = false, savedPlan: PlanDocument? = nil,
        limits: GuardLimits.Choice = GuardLimits.Choice(), files: LocalFileSystem = LocalFileSystem(),
        notices: (any NoticeSender)? = nil,
        manager: @Sendable @escaping () async throws -> Connection,
        log: DaemonLog
    ) {
        self.data = data
        self.listen = listen
        self.holder = holder
        self.log = log
        self.webhookSecret = webhookSecret
        let time = SteadyTime()
        service = ReconcilerService(
            ReconcilerOptions(
                owner: owner, origin: origin, directory: data.path,
                holder: "\(holder) of \(origin) on \(ForegroundProcess.hostName), process \(ForegroundProcess.id)",
                observesOnly: observesOnly, savedPlan: savedPlan, limits: limits),
            world: ReconcilerWorld(
                cluster: ManagerCluster { try await manager().client(CommandLog.quiet) }, files: files,
                now: { time.now },
                random: {
                    var generator = SystemRandomNumberGenerator()
                    return generator.next()
                }, git: GitProgram(environment: Environment.all), notices: notices,
                images: savedPlan == nil ? Registries() : nil),
            logger: log("reconciler"))
    }

    /// Checks the source immediately.
    func lookNow() { service.lookNow() }

    /// Handles SIGHUP: reloads the limits of the guards and checks the source immediately. If the limits cannot be
    /// read, the previous ones stay in effect.
    func reload(_ guards: GuardOptions, _ place: PlaceOptions) {
        let logger = log("reconciler")
        do {
            let limits = try guards.limits(place)
            service.use(limits)
            logger.info("reloaded the limits of the guards", metadata: ["limits": "\(limits.text)"])
        } catch {
            logger.error(
                "cannot reload the limits of the guards; the previous limits stay in effect",
                metadata: ["error": "\(Failure(error).message)"])
        }
        lookNow()
    }

    /// The state of the reconciler, for other parts of this process.
    var state: ReconcilerState { service.state }

    func run() async throws {
        let logger = log("reconciler")
        let lock = try DirectoryLock.take(data.reconciler, for: holder)
        defer { withExtendedLifetime(lock) {} }
        let tokens = try TokenSet.loadOrCreate(directory: data.tokens.string)
        let webhook = try webhookSecret.map { file in
            try Webhook(secretFile: file.string) { [service] in service.lookNow() }
        }
        let supplied = try listen.files.map(SuppliedCertificate.init)
        let readiness = ReadinessServer(
            obstacle: { [state] in state.view.obstacle }, metrics: { [state] in state.view.metrics }, webhook: webhook,
            options: try listen.server(tokens, tls: supplied.map { ServerTLS(supplied: $0.certificate) }) {
                [data, logger, endpoint] address in
                Addresses.tell(in: data, logger) { $0.reconciler = address.rawValue }
                endpoint.announce(address)
            }, logger: log.server("reconciler"))
        let reloader: [any Service] = supplied.map { [$0.reloader(logger)] } ?? []
        try await ServiceGroup([readiness, service] + reloader).run()
        Addresses.tell(in: data, logger) { $0.reconciler = nil }
    }
}

extension ReconcilerState.View {
    /// The problem that prevents reconciliation; `nil` if there is none.
    var obstacle: Obstacle? {
        guard let summary else { return Obstacle("the first pass is not complete yet") }
        var problems = storageProblem.map { ["cannot write the status: \($0)"] } ?? []
        problems += summary.conditions.filter { $0.status && ($0.type == .stale || $0.type == .held) }
            .map { "\($0.type.rawValue): \($0.message) (\($0.reason))" }
        guard !problems.isEmpty else { return nil }
        return Obstacle(
            problems.joined(separator: "; "), details: storageProblem.map { [Obstacle.statusNotWritten: $0] })
    }
}

extension Obstacle {
    /// The key of the detail that says why the status files could not be written.
    static let statusNotWritten = "status_not_written"
}

/// The wall-clock time at creation plus the time elapsed since, so that changes of the system clock have no effect.
struct SteadyTime {
    private let began = Timestamp.now
    private let instant = ContinuousClock.now

    var now: Timestamp { began + (ContinuousClock.now - instant) }
}
