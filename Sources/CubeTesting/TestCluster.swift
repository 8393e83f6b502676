import CubeCore
public import CubeErrors
import CubeManager
public import CubeManagerClient
public import CubeTypes
public import CubeWorkerClient

/// A manager and its workers in this process, for tests of programs that use them: the real logic, on a clock that goes when
/// the test says so, with tasks that do what the test says. It needs no port, no container and no program.
///
/// ```swift
/// @Test func `a task that fails is started again`() async throws {
///     try await TestCluster.run(nodes: ["a", "b"]) { cluster in
///         let task = try await cluster.schedule(TaskDefinition(name: "web", command: ["web"]))
///         try cluster.tasks["web"].exit(1)
///         await cluster.advance(by: .seconds(5))
///         #expect(try await cluster.manager.task(task.id).restarts == 1)
///     }
/// }
/// ```
///
/// ``manager`` and ``worker(_:)`` are the clients that programs use, over Unix sockets in a temporary directory; code that makes
/// its own finds the manager at ``endpoint``. A call returns when the manager has decided. What follows from it, such as that
/// a task starts, has come about when ``settle()`` returns: it waits until there is nothing left to do but for the test to act
/// or for time to go. ``advance(by:)`` lets time go in the same way, from one moment at which something is due to the next.
///
/// - Since: 0.1
public struct TestCluster: Sendable {
    /// Calls the manager.
    public let manager: ManagerClient
    /// Where the manager listens, for clients of your own; it asks for no token.
    public let endpoint: Endpoint
    /// The time of all that is in the cluster. ``advance(by:)`` waits for what it brings about; the clock itself does not.
    public let clock: ManualClock

    private let parts: Parts

    init(_ parts: Parts) throws {
        self.parts = parts
        endpoint = parts.endpoint(of: Parts.managerSocket)
        manager = ManagerClient(endpoint: endpoint)
        clock = parts.clock
    }

    /// Starts a cluster, runs `body` with it when its nodes are ready, and ends it.
    ///
    /// - Parameters:
    ///   - nodes: its machines, each with a worker; names written as strings will do.
    ///   - policy: how the manager chooses among them.
    ///   - start: what the wall clock shows at first.
    ///   - body: the test.
    /// - Throws: what `body` throws; `validation_failed` for the name of a node that is none.
    public static func run<Value: Sendable>(
        nodes: [TestNode] = ["node"], policy: SchedulingPolicy = .spread,
        start: Timestamp = Timestamp(milliseconds: 1_700_000_000_000),
        _ body: (TestCluster) async throws -> Value
    ) async throws -> Value {
        let parts = try await Parts.open(nodes: nodes, policy: policy, clock: ManualClock(start: start))
        return try await parts.run { try await body(TestCluster(parts)) }
    }
}

// MARK: - Time

extension TestCluster {
    /// Waits until there is nothing left to do but for the test to act or for time to go.
    public func settle() async { await parts.settle() }

    /// Lets time go, and waits for all that it brings about: each moment at which something is due comes in its order.
    public func advance(by span: Duration) async {
        let end = clock.now.advanced(by: span)
        await settle()
        while let next = clock.nextDeadline, next <= end {
            clock.advance(to: next)
            await settle()
        }
        clock.advance(to: end)
        await settle()
    }

    /// Lets time go for as long as an operation takes that waits for what only time brings about, such as a deployment until it
    /// is healthy. Ten seconds of the cluster's time go in a second or less; the operation's own deadlines are real ones.
    public func passingTime<Value: Sendable>(
        during operation: () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    // The operation's calls come over a socket, which nothing here can wait for.
                    try await Task.sleep(for: .milliseconds(5))
                    await advance(by: .milliseconds(100))
                }
            }
            defer { group.cancelAll() }
            return try await operation()
        }
    }
}

// MARK: - Nodes

extension TestCluster {
    /// Calls the worker of a node.
    ///
    /// - Throws: `worker_not_found` where the cluster was started without such a node.
    public func worker(_ node: String) throws(APIError) -> WorkerClient {
        WorkerClient(endpoint: parts.endpoint(of: "node-\(try parts.node(node))"))
    }

    /// Cuts a node off from the manager. Its worker goes on with the tasks that it has; when it was silent for ten seconds,
    /// the manager says so.
    ///
    /// - Throws: `worker_not_found`.
    public func cutOff(_ node: String) throws(APIError) { parts.links.cut(try parts.node(node)) }

    /// Lets a node reach the manager again.
    ///
    /// - Throws: `worker_not_found`.
    public func reconnect(_ node: String) throws(APIError) { parts.links.mend(try parts.node(node)) }
}

// MARK: - Tasks

extension TestCluster {
    /// What runs now on all nodes, also on those that are cut off.
    public var tasks: TestTasks { TestTasks(parts.runtimes.values.flatMap(\.running)) }

    /// Lets every start of a workload fail with a message, or succeed again.
    ///
    /// - Parameters:
    ///   - workload: its name.
    ///   - reason: such as `no such program`; `nil` for success.
    public func refuseStarts(of workload: WorkloadName, because reason: String?) {
        for runtime in parts.runtimes.values { runtime.refuse(workload, because: reason) }
    }

    /// Schedules a task under the owner `manual`, which needs no lease, and waits until the cluster has settled.
    ///
    /// - Parameters:
    ///   - definition: what the task is.
    ///   - ordinal: which of the replicas it is.
    ///   - dependencies: the workloads whose addresses it is told.
    /// - Returns: the task, as the manager knows it then.
    /// - Throws: `APIError`, the manager's.
    @discardableResult
    public func schedule(
        _ definition: TaskDefinition, ordinal: Int = 0, dependencies: [WorkloadName] = []
    ) async throws -> TaskStatus {
        let known = try await manager.tasks(owner: .manual, name: definition.name).tasks
        let attempt = known.filter { $0.ordinal == ordinal }.map { $0.attempt + 1 }.max() ?? 0
        let digest = definition.specDigest
        let id = TaskID.derive(
            cluster: parts.cluster, owner: .manual, name: definition.name, ordinal: ordinal,
            attempt: attempt, digest: digest)
        let proposal = TaskProposal(
            id: id, name: definition.name, ordinal: ordinal, attempt: attempt, specDigest: digest,
            settingsDigest: definition.settingsDigest, definition: definition, dependencies: dependencies)
        _ = try await manager.schedule(ScheduleRequest(owner: .manual, maxLive: known.count + 1, task: proposal))
        await settle()
        return try await manager.task(id)
    }
}
