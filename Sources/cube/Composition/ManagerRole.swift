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
    var log: DaemonLog
    /// Known as soon as the manager listens.
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
                logger.info("manager is listening", metadata: ["url": "\(advertised)"])
                endpoint.announce(address)
            }, logger: log.server("manager"))
        try await reporting { try await ServiceGroup([server, manager]).run() }
        Addresses.tell(in: data, logger) { $0.manager = nil }
    }

    /// Turns an error of the store into a `Failure` with a location and a hint.
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
                "the disk that contains the manager's store \(file) is full: \(text)",
                hint: "free some disk space; running tasks are not affected")
        case .damaged(let text):
            Failure(
                "the manager's store \(file) is damaged: \(text)",
                hint: "restore a backup with `cube manager restore FILE`; running tasks are not affected")
        case .failed(let text) where !file.exists:
            Failure(
                "the manager's store failed: \(text)",
                hint: "put \(directory) back, or run `cube manager restore FILE`; running tasks are not affected")
        case .failed(let text):
            Failure(
                "the manager's store in \(directory) failed: \(text)",
                hint: "`cube doctor` checks the store and its disk; running tasks are not affected")
        }
    }
}
