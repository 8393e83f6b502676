import CubeManager
import CubeServer
import CubeSystem
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
        let manager = try await reporting {
            try await ManagerService.open(
                store: try SQLiteStore.open(directory: data.manager),
                gateway: WorkerClientGateway(token: tokens[.worker] ?? "", logger: logger),
                options: CubeManager.ManagerOptions(policy: policy, advertised: listen.advertise), logger: logger,
                moment: { .now() })
        }
        let server = ManagerServer(
            manager,
            options: try listen.server(tokens) { [data, listen, endpoint, logger] address in
                let advertised = listen.advertise ?? address
                Addresses.tell(in: data, logger) { $0.manager = advertised.rawValue }
                logger.info("manager listens", metadata: ["url": "\(advertised)"])
                endpoint.announce(address)
            }, logger: log.server("manager"))
        try await reporting { try await ServiceGroup([server, manager]).run() }
        Addresses.tell(in: data, logger) { $0.manager = nil }
    }

    /// Says of the store what went wrong, where, and what to do.
    private func reporting<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        do { return try await body() } catch let error as StoreError {
            throw Self.failure(error, directory: data.manager)
        }
    }

    static func failure(_ error: StoreError, directory: FilePath) -> Failure {
        let file = directory.appending(SQLiteStore.fileName)
        return switch error {
        case .full(let text):
            Failure(
                "the disk with the manager's store \(file) is full: \(text)",
                hint: "make room; tasks that run are not touched")
        case .damaged(let text):
            Failure(
                "the manager's store \(file) is damaged: \(text)",
                hint: "`cube manager restore FILE` puts a backup in its place; tasks that run are not touched")
        case .failed(let text) where !file.exists:
            Failure(
                "the manager's store failed: \(text)",
                hint: "put \(directory) back, or `cube manager restore FILE`; tasks that run are not touched")
        case .failed(let text):
            Failure(
                "the manager's store in \(directory) failed: \(text)",
                hint: "`cube doctor` looks at it and at its disk; tasks that run are not touched")
        }
    }
}
