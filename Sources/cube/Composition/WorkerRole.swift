import CubeManagerClient
import CubeServer
import CubeTypes
import CubeWorker
import Logging
import ServiceLifecycle
import SystemPackage

/// A worker of this process: what it runs, its service and its HTTP interface, from start to shutdown. Its tasks outlive it.
struct WorkerRole: Service {
    var data: DataDirectory
    var name: NodeName
    var listen: ListenOptions.Choice
    var holder: String
    var labels: [String: String] = [:]
    /// Default: the one of the data directory.
    var secrets: FilePath?
    /// The token that its manager calls it with, where that is not the one of the data directory.
    var token: String?
    /// Whether a manager is named that it is to join.
    var isToJoin = true
    /// Where its manager is, once that is known; asked before each call.
    var manager: @Sendable () async throws -> Connection
    var log: DaemonLog
    /// Told once it listens: how others reach it.
    let url = Announcement<String>()

    func run() async throws {
        let logger = log("worker")
        let directory = data.worker(name)
        let lock = try DirectoryLock.take(directory, for: holder)
        defer { withExtendedLifetime(lock) {} }
        let tokens = try TokenSet.loadOrCreate(directory: data.tokens.string).with(token, for: .worker)
        let worker = try await WorkerService.open(
            WorkerOptions(
                name: name, directory: directory, supervisor: try SupervisorProgram.require(), labels: labels,
                passage: [data.path, directory.removingLastComponent()], secrets: secrets ?? data.secrets,
                isToJoin: isToJoin),
            registrar: ManagerClientRegistrar { try await manager().client(logger) }, logger: logger)
        let server = WorkerServer(
            worker,
            options: try listen.server(tokens) { [data, listen, logger, url] address in
                let advertised = (listen.advertise ?? address).rawValue
                Addresses.tell(in: data, logger) { addresses in
                    addresses.workers = Set(addresses.workers + [advertised]).sorted()
                }
                url.announce(advertised)
                logger.info("worker listens", metadata: ["url": "\(advertised)"])
                await worker.advertise(url: advertised)
            }, logger: log.server("worker"))
        try await ServiceGroup([server, worker]).run()
        Addresses.tell(in: data, logger) { $0.workers.removeAll { $0 == url.known } }
    }
}
