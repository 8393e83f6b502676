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
    /// The token that its manager uses, if it differs from the one in the data directory.
    var token: String?
    /// Whether the worker joins a manager.
    var isToJoin = true
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
        let worker = try await WorkerService.open(
            WorkerOptions(
                name: name, directory: directory, supervisor: try SupervisorProgram.require(), labels: labels,
                passage: [data.path, directory.removingLastComponent()], secrets: secrets ?? data.secrets,
                isToJoin: isToJoin, runtimes: runtimes, engineSocket: RuntimeOptions.socket),
            registrar: ManagerClientRegistrar { try await manager().client(logger) }, clock: BootClock.timer,
            now: { .now() }, random: .system, logger: logger)
        let server = WorkerServer(
            worker,
            options: try listen.server(tokens) { [data, listen, logger, url] address in
                let advertised = (listen.advertise ?? address).rawValue
                Addresses.tell(in: data, logger) { addresses in
                    addresses.workers = Set(addresses.workers + [advertised]).sorted()
                }
                url.announce(advertised)
                logger.info("worker is listening", metadata: ["url": "\(advertised)"])
                await worker.advertise(url: advertised)
            }, logger: log.server("worker"))
        try await ServiceGroup([server, worker]).run()
        Addresses.tell(in: data, logger) { $0.workers.removeAll { $0 == url.known } }
    }
}
