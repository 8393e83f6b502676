import CubeCore
import CubeManagerClient
import CubeReconciler
import CubeServer
import CubeSystem
import CubeTypes
import Logging
import ServiceLifecycle
import SystemPackage

/// A reconciler of this process, from start to shutdown.
struct ReconcilerRole: Service {
    private let data: DataDirectory
    private let listen: ListenOptions.Choice
    private let holder: String
    private let log: DaemonLog
    private let webhookSecret: FilePath?
    private let service: ReconcilerService
    /// Told once it listens.
    let endpoint = Announcement<Endpoint>()

    init(
        data: DataDirectory, origin: ManifestOrigin, owner: OwnerName, listen: ListenOptions.Choice = .free,
        holder: String, webhookSecret: FilePath? = nil, observesOnly: Bool = false, savedPlan: PlanDocument? = nil,
        limits: GuardLimits = GuardLimits(), files: LocalFileSystem = LocalFileSystem(),
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
                moment: { time.present.moment },
                random: {
                    var generator = SystemRandomNumberGenerator()
                    return generator.next()
                }, git: GitProgram(environment: Environment.all), notices: notices),
            logger: log("reconciler"))
    }

    /// Looks at the source at once.
    func lookNow() { service.lookNow() }

    /// SIGHUP: looks at the source at once, and reads what is said of the guards again. What cannot be read changes nothing.
    func reload(_ guards: GuardOptions, _ place: PlaceOptions) {
        let logger = log("reconciler")
        do {
            let limits = try guards.limits(place)
            service.use(limits)
            logger.info("guards", metadata: ["limits": "\(limits.text)"])
        } catch {
            logger.error("the limits of the guards stay as they are", metadata: ["error": "\(Failure(error).message)"])
        }
        lookNow()
    }

    /// What it sees and does, for others in this process.
    var state: ReconcilerState { service.state }

    func run() async throws {
        let logger = log("reconciler")
        let lock = try DirectoryLock.take(data.reconciler, for: holder)
        defer { withExtendedLifetime(lock) {} }
        let tokens = try TokenSet.loadOrCreate(directory: data.tokens.string)
        let webhook = try webhookSecret.map { file in
            try Webhook(secretFile: file.string) { [service] in service.lookNow() }
        }
        let readiness = ReadinessServer(
            obstacle: { [state] in state.view.obstacle }, metrics: { [state] in state.view.metrics }, webhook: webhook,
            options: try listen.server(tokens) { [data, logger, endpoint] address in
                Addresses.tell(in: data, logger) { $0.reconciler = address.rawValue }
                endpoint.announce(address)
            }, logger: log.server("reconciler"))
        try await ServiceGroup([readiness, service]).run()
        Addresses.tell(in: data, logger) { $0.reconciler = nil }
    }
}

extension ReconcilerState.View {
    /// What keeps it from reconciling; `nil` where nothing does.
    var obstacle: Obstacle? {
        guard let summary else { return Obstacle("no pass was made yet") }
        var problems = storageProblem.map { ["the status cannot be written: \($0)"] } ?? []
        problems += summary.conditions.filter { $0.status && ($0.type == .stale || $0.type == .held) }
            .map { "\($0.type.rawValue): \($0.message) (\($0.reason))" }
        guard !problems.isEmpty else { return nil }
        return Obstacle(
            problems.joined(separator: "; "), details: storageProblem.map { [Obstacle.statusNotWritten: $0] })
    }
}

extension Obstacle {
    /// The detail that says why the status files are not what the reconciler would write.
    static let statusNotWritten = "status_not_written"
}

/// The time of day that goes on steadily from when it was asked for first, whatever happens to the machine's clock.
struct SteadyTime {
    private let began = Timestamp.now
    private let instant = ContinuousClock.now

    var now: Timestamp { began + (ContinuousClock.now - instant) }

    /// The same, and the moment by which it is stored.
    var present: Present {
        Present(now: now, moment: .now())
    }
}
