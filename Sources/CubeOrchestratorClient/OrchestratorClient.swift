@_exported public import CubeManagerClient
import CubeTransport
public import CubeTypes

/// A client for a whole system: it finds the leading manager, schedules tasks, waits for them and follows their output.
///
/// ```swift
/// let cube = OrchestratorClient(try .load())
/// let task = try await cube.run(
///     TaskDefinition(name: "migrate", kind: .job, command: ["migrate"]), within: .seconds(60))
/// for try await line in cube.logs(of: task.id, follow: true).lines { print(line) }
/// ```
///
/// A client is a value without a life cycle. Every method throws `APIError` and `CancellationError`. Methods that wait or follow
/// continue when an unreachable manager is back, until their own deadline.
///
/// The tasks of manifests belong to a reconciler, which restarts a task that is stopped here. Use the owner `manual`, or an owner of
/// your own whose lease you hold.
///
/// - Since: 0.1
public struct OrchestratorClient: Sendable {
    /// The client of the leading manager, for all calls that have no method here.
    public let manager: ManagerClient
    /// The owner of the workloads, if a call specifies none.
    public let owner: OwnerName
    let clock: any Clock<Duration>

    /// Creates a client of the managers in a configuration. It calls the leader, and fails over to the next manager.
    public init(_ configuration: ClientConfiguration) {
        self.init(
            managers: configuration.managers.discovery(token: configuration.token, options: configuration.options),
            named: configuration.managers.description,
            token: configuration.token, owner: configuration.owner, options: configuration.options)
    }

    /// Creates a client of the managers that a discovery finds.
    ///
    /// - Parameters:
    ///   - managers: the discovery.
    ///   - name: the name of the group of managers in messages.
    ///   - token: the token that the managers require over TCP.
    ///   - owner: the owner of the workloads, if a call specifies none.
    ///   - options: deadlines, retries, limits and the logger.
    public init(
        managers: any Discovery, named name: String = "managers", token: String? = nil, owner: OwnerName = .manual,
        options: ClientOptions = ClientOptions()
    ) {
        let wire = FailoverWire(name: name) {
            try await managers.managers()
        } connect: {
            NetworkWire($0, options: options.trusting(token))
        }
        self.init(manager: ManagerClient(wire: wire, token: token, options: options), owner: owner)
    }

    /// Creates a client that uses a manager client.
    public init(manager: ManagerClient, owner: OwnerName = .manual) {
        self.init(manager: manager, owner: owner, clock: manager.clock)
    }

    package init(manager: ManagerClient, owner: OwnerName, clock: any Clock<Duration>) {
        self.manager = manager
        self.owner = owner
        self.clock = clock
    }
}

// MARK: - Watching

extension OrchestratorClient {
    /// Watches the tasks of an owner: returns the whole list first, and then each change, without end. The watch continues after
    /// outages of the manager. See `ManagerClient.watch(owner:since:)`.
    ///
    /// - Parameters:
    ///   - owner: the owner; by default, the owner of the client.
    ///   - position: the position to continue from; `nil` starts with the whole list.
    public func watch(owner: OwnerName? = nil, since position: WatchPosition? = nil) -> TaskWatch {
        manager.watch(owner: owner ?? self.owner, since: position)
    }

    /// Returns the events after a revision as an endless sequence that waits for new events. Each event comes once and in order, even
    /// across outages of the manager. See `ManagerClient.events(following:)`.
    ///
    /// - Parameter since: the revision of the last known event; 0 for all events that the manager keeps.
    public func events(since: Int = 0) -> EventStream { manager.events(following: since) }
}

// MARK: - Reading

extension OrchestratorClient {
    /// Returns an overview of the whole system: the cluster, its nodes and its owners, requested concurrently.
    public func overview() async throws -> SystemOverview {
        async let cluster = manager.clusterStatus()
        async let workers = manager.workers()
        async let owners = manager.owners()
        return try await SystemOverview(cluster: cluster, nodes: workers.nodes, owners: owners.owners)
    }

    /// Returns the status of the cluster: its id, the manager's term, the numbers of tasks and nodes by state, and the resources.
    public func clusterStatus() async throws -> ClusterStatus { try await manager.clusterStatus() }

    /// Returns all workers, each as the node that it runs on, sorted by name.
    public func workers() async throws -> [NodeInfo] { try await manager.workers().nodes }

    /// Returns the current or last node of a task; `nil` before the first placement.
    ///
    /// - Throws: `task_not_found`, `worker_not_found`.
    public func worker(of task: TaskID) async throws -> NodeInfo? {
        guard let node = try await manager.task(task).node else { return nil }
        return try await manager.worker(node)
    }

    /// Returns the endpoints of a workload: the ports of its ready tasks.
    ///
    /// - Parameters:
    ///   - name: the name of the workload.
    ///   - owner: the owner; by default, the owner of the client.
    public func endpoints(of name: WorkloadName, owner: OwnerName? = nil) async throws -> [ServiceEndpoint] {
        try await manager.endpoints(of: name, owner: owner ?? self.owner).endpoints
    }

    /// Returns the output of a task, wherever the task runs.
    ///
    /// With `follow`, the stream continues after a broken connection without repeating output, and moves to the next placement of the
    /// task, whose output begins on a line of its own. With a `tail`, or after more than 8 MiB, it omits what the task writes while the
    /// connection is broken.
    ///
    /// Output that was not read before its node was lost is lost as well.
    ///
    /// - Parameters:
    ///   - task: the id of the task.
    ///   - tail: the number of lines to return from the end of the first placement's existing output; `nil` for all lines.
    ///   - follow: whether to continue with new output until the task ends.
    /// - Returns: the output as bytes; `ByteStream.lines` splits it into lines.
    public func logs(of task: TaskID, tail: Int? = nil, follow: Bool = false) -> ByteStream {
        logs(of: task, selecting: LogSelection(tail: tail, follow: follow))
    }

    /// Returns a part of the output of a task, wherever the task runs, either as written or with the time of each line.
    ///
    /// - Parameters:
    ///   - task: the id of the task.
    ///   - selection: which part of the output, and in which format.
    /// - Returns: the output as bytes; `ByteStream.lines` splits it into lines.
    public func logs(of task: TaskID, selecting selection: LogSelection) -> ByteStream {
        ByteStream(FollowedLog(client: self, task: task, selection: selection))
    }
}

/// An overview of a whole system.
///
/// - Since: 0.1
public struct SystemOverview: Hashable, Sendable {
    /// The status of the cluster.
    public var cluster: ClusterStatus
    /// The nodes, sorted by name.
    public var nodes: [NodeInfo]
    /// The owners, sorted by name.
    public var owners: [OwnerStatus]

    public init(cluster: ClusterStatus, nodes: [NodeInfo], owners: [OwnerStatus]) {
        self.cluster = cluster
        self.nodes = nodes
        self.owners = owners
    }
}
