import CubeCore
public import CubeErrors
public import CubeManagerClient
public import CubeOrchestratorClient
public import CubeTransport
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
/// ``orchestrator``, ``manager`` and ``worker(_:)`` are the clients that programs use; code that makes its own finds the manager at
/// ``endpoint``. A call returns when the manager has decided. What follows from it, such as that
/// a task starts, has come about when ``settle()`` returns: it waits until there is nothing left to do but for the test to act
/// or for time to go. ``advance(by:)`` lets time go in the same way, from one moment at which something is due to the next, and
/// ``passingTime(during:)`` for as long as an operation waits for it.
///
/// The test runs on the thread of the cluster, one thing after the other, also what it does in `async let` and task groups. So
/// it sees the same each time. It must not block its thread.
///
/// - Since: 0.1
public struct TestCluster: Sendable {
    /// The whole cluster as one object, under the owner `manual`, with the cluster's time: a deadline of three seconds has passed
    /// when the clock has gone three seconds on.
    public let orchestrator: OrchestratorClient
    /// Calls the manager, with the cluster's time. It makes each call once, so that a call that fails is seen to fail;
    /// ``orchestrator(owner:options:)`` makes clients with other options.
    public let manager: ManagerClient
    /// Where the manager listens, for clients of your own; it asks for no token.
    public let endpoint: Endpoint
    /// The time of all that is in the cluster. ``advance(by:)`` waits for what it brings about; the clock itself does not.
    public let clock: ManualClock

    let parts: Parts

    init(_ parts: Parts) {
        self.parts = parts
        endpoint = parts.endpoint
        manager = parts.managerClient(parts.clientOptions)
        clock = parts.clock
        orchestrator = OrchestratorClient(manager: manager, owner: .manual, clock: clock)
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
        let cluster = TestCluster(parts)
        return try await parts.run { try await body(cluster) }
    }
}

// MARK: - Time

extension TestCluster {
    /// Waits until there is nothing left to do but for the test to act or for time to go.
    public func settle() async { await parts.settle() }

    /// Lets time go, and waits for all that it brings about: each moment at which something is due comes in its order.
    public func advance(by span: Duration) async {
        await parts.advance(by: span)
    }

    /// Lets time pass for as long as an operation takes that waits for what only time brings about, such as a deployment until it
    /// is healthy.
    ///
    /// Where the operation waits for an answer to a client of the cluster, or sleeps on the cluster's ``clock``, time goes at once
    /// to the next moment at which something is due, so that an hour costs what happens in it. It stands while there is anything
    /// left to do, and when the operation ends. Where the operation waits for something else, such as a call over a connection of
    /// its own, a second goes in each 50 ms.
    public func passingTime<Value: Sendable>(
        during operation: () async throws -> Value
    ) async throws -> Value {
        try await parts.passTime(during: operation)
    }
}

// MARK: - Clients

extension TestCluster {
    /// A client of the whole cluster as ``orchestrator`` is, with options of your own: such as more than one attempt for each call,
    /// whose pauses also pass on the cluster's clock. Its `manager` has the same options.
    ///
    /// - Parameters:
    ///   - owner: whose workloads, where a call does not say it.
    ///   - options: deadlines, retries, limits, logger.
    public func orchestrator(owner: OwnerName = .manual, options: ClientOptions) -> OrchestratorClient {
        OrchestratorClient(manager: parts.managerClient(options), owner: owner, clock: clock)
    }

    /// Calls the worker of a node, as from its own machine.
    ///
    /// - Throws: `worker_not_found` where the cluster was started without such a node.
    public func worker(_ node: String) throws(APIError) -> WorkerClient { try parts.workerClient(node) }
}

// MARK: - Nodes

extension TestCluster {
    /// Cuts a node off from the manager. Its worker goes on with the tasks that it has; when it was silent for ten seconds,
    /// the manager says so.
    ///
    /// - Throws: `worker_not_found`.
    public func cutOff(_ node: String) throws(APIError) {
        parts.ways.cut(Links.url(of: try parts.node(node)))
    }

    /// Lets a node reach the manager again.
    ///
    /// - Throws: `worker_not_found`.
    public func reconnect(_ node: String) throws(APIError) {
        parts.ways.mend(Links.url(of: try parts.node(node)))
    }
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

    /// Keeps new runs of a workload from being ready, until the test says so of one by ``TestTask/setReady(_:)`` or of all by
    /// ``releaseReadiness(of:)``. The workload needs a `ready` check: without one it is ready as soon as it runs, and its start
    /// fails with that message instead.
    ///
    /// - Parameter workload: its name.
    public func holdReadiness(of workload: WorkloadName) {
        for runtime in parts.runtimes.values { runtime.hold(workload) }
    }

    /// Lets the `ready` checks of a workload pass again, of new runs and of those that were held.
    ///
    /// - Parameter workload: its name.
    public func releaseReadiness(of workload: WorkloadName) {
        for runtime in parts.runtimes.values { runtime.release(workload) }
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
