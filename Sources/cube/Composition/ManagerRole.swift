import CubeManager
import CubeServer
import CubeTypes
import Logging
import ServiceLifecycle
import SystemPackage

/// A manager of this process: its store, its service and its HTTP interface, from start to shutdown.
struct ManagerRole: Service {
    var data: DataDirectory
    var listen: ListenOptions.Choice
    /// Who holds the locks, for those who come second.
    var holder: String
    var policy: SchedulingPolicy = .spread
    var log: DaemonLog
    /// Told once it listens.
    let endpoint = Announcement<Endpoint>()

    func run() async throws {
        let logger = log("manager")
        let lock = try DirectoryLock.take(data.manager, for: holder)
        defer { withExtendedLifetime(lock) {} }
        let tokens = try TokenSet.loadOrCreate(directory: data.tokens.string)
        let manager = try await ManagerService.open(
            store: try store(),
            gateway: WorkerClientGateway(token: tokens[.worker] ?? "", logger: logger),
            options: CubeManager.ManagerOptions(policy: policy, advertised: listen.advertise), logger: logger,
            now: { .now })
        let server = ManagerServer(
            manager,
            options: try listen.server(tokens) { [data, listen, endpoint, logger] address in
                let advertised = listen.advertise ?? address
                Addresses.tell(in: data, logger) { $0.manager = advertised.rawValue }
                logger.info("manager listens", metadata: ["url": "\(advertised)"])
                endpoint.announce(address)
            }, logger: log.server("manager"))
        try await ServiceGroup([server, manager]).run()
        Addresses.tell(in: data, logger) { $0.manager = nil }
    }

    private func store() throws -> SQLiteStore {
        do { return try SQLiteStore.open(directory: data.manager) } catch {
            throw Failure(
                "the manager's store in \(data.manager) cannot be opened: \(error)",
                hint: "`cube doctor` looks at it and at its disk; tasks that run are not touched")
        }
    }
}
