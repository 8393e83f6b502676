@_exported public import CubeManagerClient
import CubeTransport
public import CubeTypes

/// One object for a whole system: it finds the manager that leads, schedules and waits, follows output wherever a task runs.
///
/// ```swift
/// let cube = OrchestratorClient(try .load())
/// let task = try await cube.run(
///     TaskDefinition(name: "migrate", kind: .job, command: ["migrate"]), within: .seconds(60))
/// for try await line in cube.logs(of: task.id, follow: true).lines { print(line) }
/// ```
///
/// It is a value without a life cycle. Every method throws `APIError` and `CancellationError`. What waits or follows goes on
/// when a manager that is away is back, until its own deadline is over.
///
/// Tasks of manifests belong to their reconciler, which would start again what is stopped here: use the owner `manual`, or an
/// owner of your own whose lease you hold.
///
/// - Since: 0.1
public struct OrchestratorClient: Sendable {
    /// The manager that leads, for everything that has no method here.
    public let manager: ManagerClient
    /// Whose workloads, where a call does not say it.
    public let owner: OwnerName
    let clock: any Clock<Duration>

    /// A client of the managers that a configuration names: of several, that which leads, and where it fails the next one.
    public init(_ configuration: ClientConfiguration) {
        self.init(
            managers: configuration.managers.discovery(token: configuration.token, options: configuration.options),
            named: configuration.managers.description,
            token: configuration.token, owner: configuration.owner, options: configuration.options)
    }

    /// A client of the managers that a discovery finds.
    ///
    /// - Parameters:
    ///   - managers: finds them.
    ///   - name: how messages name them together.
    ///   - token: what they ask for on TCP.
    ///   - owner: whose workloads, where a call does not say it.
    ///   - options: deadlines, retries, limits, logger.
    public init(
        managers: any Discovery, named name: String = "managers", token: String? = nil, owner: OwnerName = .manual,
        options: ClientOptions = ClientOptions()
    ) {
        let wire = FailoverWire(name: name) {
            try await managers.managers()
        } connect: {
            NetworkWire($0, options: options)
        }
        self.init(manager: ManagerClient(wire: wire, token: token, options: options), owner: owner)
    }

    /// A client that stands on one of a manager.
    public init(manager: ManagerClient, owner: OwnerName = .manual) {
        self.init(manager: manager, owner: owner, clock: manager.clock)
    }

    package init(manager: ManagerClient, owner: OwnerName, clock: any Clock<Duration>) {
        self.manager = manager
        self.owner = owner
        self.clock = clock
    }
}

// MARK: - Following

extension OrchestratorClient {
    /// The tasks of an owner as they are, and then whatever changes, without end, whatever becomes of the manager meanwhile. See
    /// `ManagerClient.watch(owner:since:)`.
    ///
    /// - Parameters:
    ///   - owner: default: that of the client.
    ///   - position: where to go on; `nil` begins with everything.
    public func watch(owner: OwnerName? = nil, since position: WatchPosition? = nil) -> TaskWatch {
        manager.watch(owner: owner ?? self.owner, since: position)
    }

    /// The history after a revision, and then whatever happens, without end, each event once and in order, whatever becomes of
    /// the manager meanwhile. See `ManagerClient.events(following:)`.
    ///
    /// - Parameter since: the revision of the last event that is known; 0 for all that is kept.
    public func events(since: Int = 0) -> EventStream { manager.events(following: since) }
}

// MARK: - Looking

extension OrchestratorClient {
    /// How the whole system is: the cluster, its nodes and its owners, asked for at the same time.
    public func overview() async throws -> SystemOverview {
        async let cluster = manager.clusterStatus()
        async let workers = manager.workers()
        async let owners = manager.owners()
        return try await SystemOverview(cluster: cluster, nodes: workers.nodes, owners: owners.owners)
    }

    /// How the cluster is: its id, the manager's term, how many tasks and nodes there are by state, what they have.
    public func clusterStatus() async throws -> ClusterStatus { try await manager.clusterStatus() }

    /// All workers, each as the node that it makes of its machine, by name.
    public func workers() async throws -> [NodeInfo] { try await manager.workers().nodes }

    /// The node that has a task, or had it last; `nil` before it has one.
    ///
    /// - Throws: `task_not_found`, `worker_not_found`.
    public func worker(of task: TaskID) async throws -> NodeInfo? {
        guard let node = try await manager.task(task).node else { return nil }
        return try await manager.worker(node)
    }

    /// Where a workload is served now: the ports of its ready tasks.
    ///
    /// - Parameters:
    ///   - name: the workload's.
    ///   - owner: default: that of the client.
    public func endpoints(of name: WorkloadName, owner: OwnerName? = nil) async throws -> [ServiceEndpoint] {
        try await manager.endpoints(of: name, owner: owner ?? self.owner).endpoints
    }

    /// The output of a task, wherever it runs.
    ///
    /// With `follow` it goes on after a break of the connection, after what came already, and in the task's next place when it is
    /// placed anew. With a `tail`, or after more than 8 MiB, it leaves out what the task writes during the break.
    ///
    /// What a node that is lost wrote and nobody read is lost too.
    ///
    /// - Parameters:
    ///   - task: the task's id.
    ///   - tail: of its first place, only the last so many lines of what there is; `nil` for all.
    ///   - follow: goes on with what the task writes, until it ends.
    /// - Returns: its bytes; `lines` of them are lines.
    public func logs(of task: TaskID, tail: Int? = nil, follow: Bool = false) -> ByteStream {
        logs(of: task, selecting: LogSelection(tail: tail, follow: follow))
    }

    /// A part of the output of a task, wherever it runs, as it was written or with the time of each line.
    ///
    /// - Parameters:
    ///   - task: the task's id.
    ///   - selection: which part, and in which form.
    /// - Returns: its bytes, which `ByteStream.lines` cuts into lines.
    public func logs(of task: TaskID, selecting selection: LogSelection) -> ByteStream {
        ByteStream(FollowedLog(client: self, task: task, selection: selection))
    }
}

/// How a whole system is.
///
/// - Since: 0.1
public struct SystemOverview: Hashable, Sendable {
    /// Its id, the manager's term, how many tasks and nodes there are.
    public var cluster: ClusterStatus
    /// By name.
    public var nodes: [NodeInfo]
    /// By name.
    public var owners: [OwnerStatus]

    public init(cluster: ClusterStatus, nodes: [NodeInfo], owners: [OwnerStatus]) {
        self.cluster = cluster
        self.nodes = nodes
        self.owners = owners
    }
}
