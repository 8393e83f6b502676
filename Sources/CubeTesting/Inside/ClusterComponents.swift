import CubeErrors
import CubeManager
import CubeManagerClient
import CubeServer
import CubeTransport
import CubeTypes
import CubeWorker
import CubeWorkerClient
import FoundationEssentials
import Logging
import SystemPackage

/// The components of a test cluster.
struct ClusterComponents: Sendable {
    let cluster: ClusterID
    let clock: ManualClock
    let manager: RestartableManager
    let faults: Faults
    let network: Network
    private(set) var runtimes: [NodeName: SimulatedRuntime] = [:]

    private let logger: Logger
    private let links: Links
    private let work: WorkQueue
    private let tasks: QueuedTasks
    private let bodies = BodyStreams()
    private var workers: [NodeName: WorkerService] = [:]
    /// The directory of the sockets. It is short, because the path of a socket is limited to 108 bytes.
    private let directory: FilePath

    /// Opens all components without running them.
    static func open(nodes: [TestNode], policy: SchedulingPolicy, clock: ManualClock) async throws -> ClusterComponents
    {
        let id = UUID().uuidString.lowercased()
        let directory = FilePath("/tmp/cube-testing-\(id.prefix(8))")
        try FileManager.default.createDirectory(
            atPath: directory.string, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        do {
            return try await ClusterComponents(
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
        work = WorkQueue()
        tasks = QueuedTasks(work)
        network = Network()
        let time = ClusterClock(base: clock)
        faults = Faults(clock: time)
        let random = RandomSource.counting()
        let links = Links(network)
        self.links = links
        manager = RestartableManager(network: network, work: work, logger: logger) {
            [store = MemoryStore(cluster: cluster), logger] in
            try await ManagerService.open(
                store: store, gateway: links, options: ManagerOptions(policy: policy, jitter: { 0 }), logger: logger,
                clock: time, now: { time.timestamp })
        } options: { [faults] onReady in
            var options = try ServerOptions(listen: Self.managerAddress(in: directory), tokens: TokenSet([:])) { _ in
                onReady()
            }
            options.interceptor = faults
            return options
        }
        links.connect(manager)
        for node in nodes {
            let name = try NodeName(checking: node.name, field: "node")
            let options = WorkerOptions(
                name: name, directory: directory.appending("node-\(name)"), supervisor: "", capacity: node.capacity,
                labels: node.labels)
            let runtime = SimulatedRuntime(node: name, clock: time, log: { options.log(of: $0) })
            let worker = try await WorkerService.open(
                options, runtime: runtime, prober: runtime, registrar: links, clock: time,
                now: { time.instant(boot: runtime.boot) }, random: random, executor: QueuedActor(work), logger: logger)
            await worker.advertise(url: Links.url(of: name))
            links.connect(worker, of: name)
            workers[name] = worker
            runtimes[name] = runtime
        }
    }

    func node(_ name: String) throws(APIError) -> NodeName {
        guard let node = NodeName(rawValue: name), workers[node] != nil else {
            throw APIError(.workerNotFound, "node \(name): the test cluster has no such node")
        }
        return node
    }

    private static func managerAddress(in directory: FilePath) -> Endpoint.Address {
        .unix(path: "\(directory)/manager.sock")
    }
}

// MARK: - Clients

extension ClusterComponents {
    /// The endpoint of the manager.
    var endpoint: Endpoint { Endpoint(Self.managerAddress(in: directory)) }

    private func wire(
        to place: String, named name: String, _ server: @escaping @Sendable () -> LocalServer?
    ) -> LocalWire {
        LocalWire(
            name: name, place: place, network: network, tasks: tasks, bodies: bodies, server: server)
    }

    private var time: ClusterClock { ClusterClock(base: clock) }

    /// The default options of clients. They disable retries, so that every failure is visible, and because the pauses between attempts
    /// are random.
    var clientOptions: ClientOptions {
        ClientOptions(retries: RetryPolicy(attempts: 1), logger: logger)
    }

    func managerClient(_ options: ClientOptions) -> ManagerClient {
        let wire = wire(to: RestartableManager.place, named: endpoint.rawValue) { manager.server }
        // Pauses without randomness, so that tests are deterministic.
        return ManagerClient(wire: wire, options: options, clock: time, chance: { 1 })
    }

    func workerClient(_ name: String) throws(APIError) -> WorkerClient {
        let node = try node(name)
        // The server does not listen: a Unix socket address only means that callers need no token.
        let options = try ServerOptions(listen: .unix(path: "node-\(node)"), tokens: TokenSet([:]))
        let server = LocalServer(workers[node]!, options: options, logger: logger)
        // The worker is called from its own machine, so a cut connection to the manager does not matter.
        let wire = wire(to: "node-\(node)", named: Links.url(of: node)) { server }
        return WorkerClient(wire: wire, options: clientOptions, clock: time)
    }
}

// MARK: - Running

extension ClusterComponents {
    /// Runs all components for the duration of the body, and cleans up.
    func run<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await runServices(body))
        } catch {
            outcome = .failure(error)
        }
        links.disconnect()
        try FileManager.default.removeItem(atPath: directory.string)
        return try outcome.get()
    }

    private func runServices<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: tasks) { try await manager.run() }
            group.addTask(executorPreference: tasks) { await bodies.run() }
            let outcome: Result<Value, any Error>
            do {
                try await startManager()
                for (_, worker) in workers.sorted(by: { $0.key < $1.key }) {
                    group.addTask(executorPreference: tasks) { try await worker.run() }
                }
                await settle()
                // The test runs on the cluster's executor, so that its work counts as well.
                outcome = .success(try await withTaskExecutorPreference(tasks) { try await body() })
            } catch {
                outcome = .failure(error)
            }
            // Cancel on the queue and only when no work is left, so that the end is deterministic.
            await settle()
            await withTaskExecutorPreference(tasks) { group.cancelAll() }
            // Components may throw CancellationError after they were cancelled.
            while let end = await group.nextResult() {
                if case .failure(let error) = end, !(error is CancellationError) { throw error }
            }
            return try outcome.get()
        }
    }

    /// Starts a manager, unless one is running, and waits until it has taken over.
    func startManager() async throws {
        try await manager.start()
        await settle()
    }

    /// Waits until no work is left.
    func settle(for purpose: WorkQueue.Purpose = .settling) async {
        // The work of this method itself must not count.
        await withTaskExecutorPreference(globalConcurrentExecutor) {
            await work.take(for: purpose)
            var seen: Int
            repeat {
                seen = work.total
                // Work that waits for the manager's actor because of an external call is not in the queue yet.
                _ = await manager.service?.isReady
                await work.idle()
            } while work.total != seen
        }
        work.release()
    }

    /// Lets time pass until an operation ends.
    func passTime<Value: Sendable>(during operation: () async throws -> Value) async throws -> Value {
        let passing = TimePassing.new()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: tasks) { try await passTime(in: passing) }
            defer { group.cancelAll() }
            return try await TimePassing.$current.withValue(passing) { try await operation() }
        }
    }

    private func passTime(in passing: TimePassing.ID) async throws {
        while true {
            await settle(for: .passing)
            // No work is left, and the operation has not ended: if it waits for time, let time pass.
            try Task.checkCancellation()
            if network.isUsed(in: passing) || clock.isSleptOn(in: passing), let next = clock.nextDeadline {
                clock.advance(to: next)
            } else {
                // It waits for something that the cluster cannot see, such as a call over a connection of its own.
                try await Task.sleep(for: .milliseconds(5))
                await advance(by: .milliseconds(100))
            }
        }
    }

    /// Advances time moment by moment, and waits for the effects of each moment.
    func advance(by span: Duration) async {
        let end = clock.now.advanced(by: span)
        await settle()
        while let next = clock.nextDeadline, next <= end {
            clock.advance(to: next)
            await settle()
        }
        clock.advance(to: end)
        await settle()
    }
}
