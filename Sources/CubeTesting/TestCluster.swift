import CubeCore
public import CubeErrors
public import CubeManagerClient
public import CubeOrchestratorClient
public import CubeTransport
public import CubeTypes
public import CubeWorkerClient

/// A manager and its workers in this process, for tests of programs that use them. The logic is real. Time advances when the test says
/// so, and tasks do what the test says. A test cluster needs no port, container or program.
///
/// ```swift
/// @Test func `a failed task is restarted`() async throws {
///     try await TestCluster.run(nodes: ["a", "b"]) { cluster in
///         let task = try await cluster.schedule(TaskDefinition(name: "web", command: ["web"]))
///         try cluster.tasks["web"].exit(1)
///         await cluster.advance(by: .seconds(5))
///         #expect(try await cluster.manager.task(task.id).restarts == 1)
///     }
/// }
/// ```
///
/// ``orchestrator``, ``manager`` and ``worker(_:)`` are the clients that programs use. Code that creates its own client reaches the
/// manager at ``endpoint``. A call returns when the manager has decided; its effects, such as the start of a task, happen afterwards.
/// ``settle()`` waits until no work is left: only an action of the test or the advance of time can change anything.
/// ``advance(by:)`` advances time from one due moment to the next and waits for all effects, and ``passingTime(during:)`` lets time
/// pass for as long as an operation waits for it.
///
/// The test runs on the cluster's executor, one job at a time, including its `async let` and task groups. It is therefore
/// deterministic. It must not block its thread.
///
/// - Since: 0.1
public struct TestCluster: Sendable {
    /// The client of the whole cluster, under the owner `manual`. It measures time on the cluster's clock: a deadline of three seconds
    /// passes when the clock has advanced by three seconds.
    public let orchestrator: OrchestratorClient
    /// The client of the manager, which measures time on the cluster's clock. It does not retry, so that every failure is visible;
    /// ``orchestrator(owner:options:)`` creates clients with other options.
    public let manager: ManagerClient
    /// The endpoint of the manager, for clients of your own. It requires no token.
    public let endpoint: Endpoint
    /// The clock of the whole cluster. ``advance(by:)`` waits for the effects of time; advancing the clock itself does not.
    public let clock: ManualClock

    let components: ClusterComponents

    init(_ components: ClusterComponents) {
        self.components = components
        endpoint = components.endpoint
        manager = components.managerClient(components.clientOptions)
        clock = components.clock
        orchestrator = OrchestratorClient(manager: manager, owner: .manual, clock: clock)
    }

    /// Starts a cluster, runs a test on it when its nodes are ready, and ends it.
    ///
    /// - Parameters:
    ///   - nodes: the nodes, each with a worker; a string literal is a node with that name.
    ///   - policy: the policy by which the manager chooses a node.
    ///   - start: the initial wall-clock time.
    ///   - body: the test.
    /// - Throws: the error of `body`; `validation_failed` if the name of a node is invalid.
    public static func run<Value: Sendable>(
        nodes: [TestNode] = ["node"], policy: SchedulingPolicy = .spread,
        start: Timestamp = Timestamp(milliseconds: 1_700_000_000_000),
        _ body: (TestCluster) async throws -> Value
    ) async throws -> Value {
        let components = try await ClusterComponents.open(
            nodes: nodes, policy: policy, clock: ManualClock(start: start))
        let cluster = TestCluster(components)
        return try await components.run { try await body(cluster) }
    }
}

// MARK: - Time

extension TestCluster {
    /// Waits until no work is left: only an action of the test or the advance of time can change anything.
    public func settle() async { await components.settle() }

    /// Advances time from one due moment to the next, and waits for all effects of each moment.
    public func advance(by span: Duration) async {
        await components.advance(by: span)
    }

    /// Lets time pass while an operation waits for something that takes time, such as a deployment that becomes healthy.
    ///
    /// If the operation waits for a response to a client of the cluster, or sleeps on the cluster's ``clock``, time advances
    /// immediately to the next due moment, so that simulating an hour costs only as much as the work that is due in it. Time does not
    /// advance while work is left, nor after the operation ends. If the operation waits for something else, such as a call over a
    /// connection of its own, one second passes every 50 ms.
    public func passingTime<Value: Sendable>(
        during operation: () async throws -> Value
    ) async throws -> Value {
        try await components.passTime(during: operation)
    }
}

// MARK: - Clients

extension TestCluster {
    /// Creates a client of the whole cluster like ``orchestrator``, with other options, such as several attempts for each call. Its
    /// pauses also pass on the cluster's clock. Its `manager` has the same options.
    ///
    /// - Parameters:
    ///   - owner: the owner of the workloads, if a call specifies none.
    ///   - options: deadlines, retries, limits and the logger.
    public func orchestrator(owner: OwnerName = .manual, options: ClientOptions) -> OrchestratorClient {
        OrchestratorClient(manager: components.managerClient(options), owner: owner, clock: clock)
    }

    /// Creates a client of a node's worker. The client runs on the machine of the worker, so it works even if the node is cut off.
    ///
    /// - Throws: `worker_not_found` if the cluster has no such node.
    public func worker(_ node: String) throws(APIError) -> WorkerClient { try components.workerClient(node) }
}

// MARK: - Nodes

extension TestCluster {
    /// Cuts a node off from the manager. Its worker continues its tasks. After ten seconds of silence, the manager reports the node as
    /// silent.
    ///
    /// - Throws: `worker_not_found`.
    public func cutOff(_ node: String) throws(APIError) {
        components.network.cut(Links.url(of: try components.node(node)))
    }

    /// Reconnects a node to the manager.
    ///
    /// - Throws: `worker_not_found`.
    public func reconnect(_ node: String) throws(APIError) {
        components.network.mend(Links.url(of: try components.node(node)))
    }
}

// MARK: - Tasks

extension TestCluster {
    /// The tasks that are currently running on all nodes, including nodes that are cut off.
    public var tasks: TestTasks { TestTasks(components.runtimes.values.flatMap(\.running)) }

    /// Makes every start of a workload fail with a message, or succeed again.
    ///
    /// - Parameters:
    ///   - workload: the name of the workload.
    ///   - reason: the message, such as `no such program`; `nil` makes starts succeed again.
    public func refuseStarts(of workload: WorkloadName, because reason: String?) {
        for runtime in components.runtimes.values { runtime.refuse(workload, because: reason) }
    }

    /// Keeps new runs of a workload unready until the test calls ``TestTask/setReady(_:)`` for one of them, or
    /// ``releaseReadiness(of:)`` for all. The workload needs a `ready` check, because a task without one is ready as soon as it runs.
    /// Without a check, its starts fail with a message that says so.
    ///
    /// - Parameter workload: the name of the workload.
    public func holdReadiness(of workload: WorkloadName) {
        for runtime in components.runtimes.values { runtime.hold(workload) }
    }

    /// Lets the `ready` checks of a workload pass again, for new runs and for the runs that were held unready.
    ///
    /// - Parameter workload: the name of the workload.
    public func releaseReadiness(of workload: WorkloadName) {
        for runtime in components.runtimes.values { runtime.release(workload) }
    }

    /// Schedules a task under the owner `manual`, which needs no lease, and waits until the cluster has settled.
    ///
    /// - Parameters:
    ///   - definition: the definition of the task.
    ///   - ordinal: the number of the replica.
    ///   - dependencies: the workloads whose addresses the task receives.
    /// - Returns: the status of the task after the cluster has settled.
    /// - Throws: the `APIError` of the manager.
    @discardableResult
    public func schedule(
        _ definition: TaskDefinition, ordinal: Int = 0, dependencies: [WorkloadName] = []
    ) async throws -> TaskStatus {
        let known = try await manager.tasks(owner: .manual, name: definition.name).tasks
        let attempt = known.filter { $0.ordinal == ordinal }.map { $0.attempt + 1 }.max() ?? 0
        let digest = definition.specDigest
        let id = TaskID.derive(
            cluster: components.cluster, owner: .manual, name: definition.name, ordinal: ordinal,
            attempt: attempt, digest: digest)
        let proposal = TaskProposal(
            id: id, name: definition.name, ordinal: ordinal, attempt: attempt, specDigest: digest,
            settingsDigest: definition.settingsDigest, definition: definition, dependencies: dependencies)
        _ = try await manager.schedule(ScheduleRequest(owner: .manual, maxLive: known.count + 1, task: proposal))
        await settle()
        return try await manager.task(id)
    }
}
