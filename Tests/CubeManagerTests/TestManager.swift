import CubeCore
import CubeErrors
import CubeManager
import CubeTesting
import CubeTypes
import Logging
import ServiceLifecycle
import Testing

/// A manager that runs during the body of a test.
struct TestManager {
    static let cluster = ClusterID(rawValue: "11111111-1111-4111-8111-111111111111")!
    static let url = "unix:/w1"

    let service: ManagerService
    let workers: FakeWorkers
    /// The time of the manager and its workers, whose work runs on its queue.
    let time: QueuedTime

    /// Opens a manager on a store, runs it, and shuts it down gracefully after the body.
    static func run(
        _ store: any Store = MemoryStore(cluster: cluster), workers: FakeWorkers? = nil,
        _ body: (TestManager) async throws -> Void
    ) async throws {
        let clock = workers?.clock ?? ManualClock()
        let workers = workers ?? FakeWorkers(clock: clock)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let time = QueuedTime(clock: clock)
        let service = try await ManagerService.open(
            store: store, gateway: workers, options: ManagerOptions(jitter: { 0 }), logger: logger, clock: clock,
            now: { clock.timestamp })
        let group = ServiceGroup(services: [service], logger: logger)
        try await time.run {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                try await eventually { await service.isReady }
                do {
                    try await body(TestManager(service: service, workers: workers, time: time))
                } catch {
                    tasks.cancelAll()
                    throw error
                }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
    }

    /// Registers the node; the manager then asks its worker for the tasks.
    func register(runtimes: [String] = ["process"]) async throws {
        let worker = WorkerInfo(
            name: .w1, version: "1", url: Self.url, runtimes: runtimes,
            capacity: ResourceSpec(millicores: 4000), bootID: "boot", incarnation: "1")
        _ = try await service.register(worker)
    }

    func join(runtimes: [String] = ["process"]) async throws {
        try await register(runtimes: runtimes)
        // Read the revision before the state, so that no change in between is missed.
        var revision = try await service.cluster().revision
        while try await service.node(.w1).state != .ready {
            revision = try await service.events(since: revision, limit: 1, wait: .seconds(1_000_000)).revision
        }
    }

    func request(
        _ name: String, ordinal: Int = 0, attempt: Int = 0, owner: OwnerName = .manual, fence: Int = 0,
        ports: [PortSpec] = []
    ) -> ScheduleRequest {
        let name = WorkloadName(rawValue: name)!
        let definition = TaskDefinition(name: name, command: ["true"], ports: ports)
        let digest = definition.specDigest
        return ScheduleRequest(
            owner: owner, fence: fence, maxLive: 100,
            task: TaskProposal(
                id: TaskID.derive(
                    cluster: Self.cluster, owner: owner, name: name, ordinal: ordinal, attempt: attempt,
                    digest: digest),
                name: name, ordinal: ordinal, attempt: attempt, specDigest: digest,
                settingsDigest: definition.settingsDigest, definition: definition))
    }

    /// Waits on the owner's change feed until a task meets a condition.
    @discardableResult
    func wait(for id: TaskID, until condition: (TaskStatus) -> Bool) async throws -> TaskStatus {
        while true {
            let task = try await service.task(id)
            if condition(task) { return task }
            _ = try await service.changes(
                owner: task.owner, since: task.revision, term: service.cluster().term, wait: .seconds(1_000_000))
        }
    }

}

extension NodeName {
    static let w1 = NodeName(rawValue: "w1")!
}

extension Store {
    func begin() async throws -> StoredCluster {
        try await begin(at: DurableInstant(wall: Timestamp(milliseconds: 1_700_000_000_000)))
    }
}
