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

/// What a cluster is made of.
struct Parts: Sendable {
    let cluster: ClusterID
    let clock: ManualClock
    let seat: ManagerSeat
    let faults: Faults
    let ways: Ways
    private(set) var runtimes: [NodeName: SimulatedRuntime] = [:]

    private let logger: Logger
    private let links: Links
    private let work: WorkQueue
    private let tasks: QueuedTasks
    private let bodies = BodyStreams()
    private var workers: [NodeName: WorkerService] = [:]
    /// Short, as the path of a socket may have 108 bytes.
    private let directory: FilePath

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
        work = WorkQueue()
        tasks = QueuedTasks(work)
        ways = Ways()
        let time = ClusterClock(base: clock)
        faults = Faults(clock: time)
        let links = Links(ways)
        self.links = links
        seat = ManagerSeat(ways: ways, work: work, logger: logger) {
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
        links.connect(seat)
        for node in nodes {
            let name = try NodeName(checking: node.name, field: "node")
            let options = WorkerOptions(
                name: name, directory: directory.appending("node-\(name)"), supervisor: "", capacity: node.capacity,
                labels: node.labels)
            let runtime = SimulatedRuntime(node: name, clock: time, log: { options.log(of: $0) })
            let worker = try await WorkerService.open(
                options, runtime: runtime, prober: runtime, registrar: links, clock: time,
                now: { time.instant(boot: runtime.boot) }, jitter: { 0 }, executor: QueuedActor(work), logger: logger)
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

    private static func managerAddress(in directory: FilePath) -> Endpoint.Address {
        .unix(path: "\(directory)/manager.sock")
    }
}

// MARK: - Clients

extension Parts {
    /// Where the manager listens.
    var endpoint: Endpoint { Endpoint(Self.managerAddress(in: directory)) }

    private func wire(
        to place: String, named name: String, _ server: @escaping @Sendable () -> LocalServer?
    ) -> LocalWire {
        LocalWire(
            name: name, place: place, ways: ways, tasks: tasks, bodies: bodies, server: server)
    }

    private var time: ClusterClock { ClusterClock(base: clock) }

    /// What a client does unless the test says otherwise: it makes each call once, so that what fails is seen to fail, and as the
    /// pauses between attempts are by chance.
    var clientOptions: ClientOptions {
        ClientOptions(retries: RetryPolicy(attempts: 1), logger: logger)
    }

    func managerClient(_ options: ClientOptions) -> ManagerClient {
        let wire = wire(to: ManagerSeat.place, named: endpoint.rawValue) { seat.server }
        // Whole pauses, so that a test sees the same each time.
        return ManagerClient(wire: wire, options: options, clock: time, chance: { 1 })
    }

    func workerClient(_ name: String) throws(APIError) -> WorkerClient {
        let node = try node(name)
        // It listens nowhere: the address only says that whoever reaches it needs no token.
        let options = try ServerOptions(listen: .unix(path: "node-\(node)"), tokens: TokenSet([:]))
        let server = LocalServer(workers[node]!, options: options, logger: logger)
        // It is reached from the machine itself, whatever is cut.
        let wire = wire(to: "node-\(node)", named: Links.url(of: node)) { server }
        return WorkerClient(wire: wire, options: clientOptions, clock: time)
    }
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
        links.disconnect()
        try FileManager.default.removeItem(atPath: directory.string)
        return try outcome.get()
    }

    private func runServices<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: tasks) { try await seat.run() }
            group.addTask(executorPreference: tasks) { await bodies.run() }
            let outcome: Result<Value, any Error>
            do {
                try await startManager()
                for (_, worker) in workers.sorted(by: { $0.key < $1.key }) {
                    group.addTask(executorPreference: tasks) { try await worker.run() }
                }
                await settle()
                // The test runs where the cluster does, so that what it does counts as well.
                outcome = .success(try await withTaskExecutorPreference(tasks) { try await body() })
            } catch {
                outcome = .failure(error)
            }
            // It ends where nothing is on its way, and on the queue too, so that it ends the same each time.
            await settle()
            await withTaskExecutorPreference(tasks) { group.cancelAll() }
            // What was cancelled may say so.
            while let end = await group.nextResult() {
                if case .failure(let error) = end, !(error is CancellationError) { throw error }
            }
            return try outcome.get()
        }
    }

    /// Starts a manager, unless there is one, and returns when it has taken over.
    func startManager() async throws {
        try await seat.start()
        await settle()
    }

    /// Waits until nothing is left to do.
    func settle(for purpose: WorkQueue.Purpose = .settling) async {
        // What this does itself is not waited for.
        await withTaskExecutorPreference(globalConcurrentExecutor) {
            await work.take(for: purpose)
            var seen: Int
            repeat {
                seen = work.total
                // What waits for the manager behind a call from outside is not in the queue yet.
                _ = await seat.manager?.isReady
                await work.idle()
            } while work.total != seen
        }
        work.release()
    }

    /// Lets time pass for an operation, until it ends.
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
            // Nothing is left to do, and the operation has not ended: where it waits for time, time passes.
            try Task.checkCancellation()
            if ways.isUsed(in: passing) || clock.isSleptOn(in: passing), let next = clock.nextDeadline {
                clock.advance(to: next)
            } else {
                // It waits for something that is not seen here, such as a call over a connection of its own.
                try await Task.sleep(for: .milliseconds(5))
                await advance(by: .milliseconds(100))
            }
        }
    }

    /// Lets time go, and waits for what it brings about, moment by moment.
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
