import CubeErrors
import CubeManager
import CubeServer
import CubeTypes
import CubeWorker
import FoundationEssentials
import Logging
import ServiceLifecycle
import SystemPackage

/// What a cluster is made of.
struct Parts: Sendable {
    let cluster: ClusterID
    let clock: ManualClock
    let manager: ManagerService
    let links: Links
    let logger: Logger
    private(set) var workers: [NodeName: WorkerService] = [:]
    private(set) var runtimes: [NodeName: SimulatedRuntime] = [:]

    private let work = WorkQueue()
    /// Short, as the path of a socket may have 108 bytes.
    private let directory: FilePath

    static let managerSocket = "manager"

    /// Opens all, and runs nothing yet.
    static func open(nodes: [TestNode], policy: SchedulingPolicy, clock: ManualClock) async throws -> Parts {
        let id = UUID().uuidString.lowercased()
        let directory = FilePath("/tmp/cube-testing-\(id.prefix(8))")
        try FileManager.default.createDirectory(
            atPath: directory.string, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        do {
            return try await Parts(
                nodes: nodes, policy: policy, clock: clock, cluster: ClusterID(rawValue: id)!, directory: directory)
        } catch {
            try FileManager.default.removeItem(atPath: directory.string)
            throw error
        }
    }

    private init(
        nodes: [TestNode], policy: SchedulingPolicy, clock: ManualClock, cluster: ClusterID, directory: FilePath
    ) async throws {
        self.cluster = cluster
        self.clock = clock
        self.directory = directory
        logger = Logger(label: "cube.testing", factory: { _ in SwiftLogNoOpLogHandler() })
        links = Links()
        manager = try await ManagerService.open(
            store: MemoryStore(cluster: cluster), gateway: links,
            options: ManagerOptions(policy: policy, jitter: { 0 }), logger: logger, clock: clock,
            now: { clock.timestamp })
        links.connect(manager)
        for node in nodes {
            let name = try NodeName(checking: node.name, field: "node")
            let options = WorkerOptions(
                name: name, directory: directory.appending("node-\(name)"), supervisor: "", capacity: node.capacity,
                labels: node.labels)
            let runtime = SimulatedRuntime(node: name, clock: clock, log: { options.log(of: $0) })
            let worker = try await WorkerService.open(
                options, runtime: runtime, prober: runtime, registrar: links, clock: clock,
                now: { clock.instant(boot: runtime.boot) }, jitter: { 0 }, executor: QueuedActor(work), logger: logger)
            await worker.advertise(url: Links.url(of: name))
            links.connect(worker, of: name)
            workers[name] = worker
            runtimes[name] = runtime
        }
    }

    func node(_ name: String) throws(APIError) -> NodeName {
        guard let node = NodeName(rawValue: name), workers[node] != nil else {
            throw APIError(.workerNotFound, "node \(name): the cluster was started without it")
        }
        return node
    }

    func endpoint(of socket: String) -> Endpoint { Endpoint(address(of: socket)) }

    private func address(of socket: String) -> Endpoint.Address { .unix(path: "\(directory)/\(socket).sock") }
}

// MARK: - Running

extension Parts {
    /// Runs all for as long as the body takes, and leaves nothing behind.
    func run<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await runServices(body))
        } catch {
            outcome = .failure(error)
        }
        try FileManager.default.removeItem(atPath: directory.string)
        return try outcome.get()
    }

    private func runServices<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        let (announcements, announcement) = AsyncStream.makeStream(of: Void.self)
        let servers = ServiceGroup(services: try servers { announcement.yield() }, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            let tasks = QueuedTasks(work)
            group.addTask(executorPreference: tasks) { try await manager.run() }
            await settle()
            for (_, worker) in workers.sorted(by: { $0.key < $1.key }) {
                group.addTask(executorPreference: tasks) { try await worker.run() }
            }
            group.addTask {
                defer { announcement.finish() }
                try await servers.run()
            }
            var listening = 0
            for await _ in announcements {
                listening += 1
                if listening > workers.count { break }
            }
            await settle()
            let outcome: Result<Value, any Error>
            do {
                outcome = .success(try await body())
            } catch {
                outcome = .failure(error)
            }
            await servers.triggerGracefulShutdown()
            group.cancelAll()
            // What was cancelled may say so.
            while let end = await group.nextResult() {
                if case .failure(let error) = end, !(error is CancellationError) { throw error }
            }
            return try outcome.get()
        }
    }

    private func servers(_ ready: @escaping @Sendable () -> Void) throws -> [any Service] {
        func options(_ socket: String) throws -> ServerOptions {
            try ServerOptions(listen: address(of: socket), tokens: TokenSet([:])) { _ in ready() }
        }
        return try [ManagerServer(manager, options: options(Self.managerSocket), logger: logger)]
            + workers.map { name, worker in
                try WorkerServer(worker, options: options("node-\(name)"), logger: logger)
            }
    }

    /// Waits until nothing is left to do.
    func settle() async {
        var seen: Int
        repeat {
            await work.idle()
            seen = work.total
            // What waits for the manager behind a call from outside is not in the queue yet.
            _ = await manager.isReady
            await work.idle()
        } while work.total != seen
    }
}
