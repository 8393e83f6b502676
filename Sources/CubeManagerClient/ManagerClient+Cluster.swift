import CubeErrors
import CubeTransport
public import CubeTypes

// MARK: - The cluster

extension ManagerClient {
    /// How the cluster is: its id, the manager's term, how many tasks and nodes there are by state, what they have.
    public func clusterStatus() async throws -> ClusterStatus {
        try await transport.send(TransportRequest(.get, Self.path("cluster")))
    }

    /// The same as figures, whose units end their names.
    public func metrics() async throws -> ClusterMetrics {
        try await transport.send(TransportRequest(.get, Self.path("metrics")))
    }

    /// Where a workload is served now: the ports of its ready tasks.
    ///
    /// - Parameters:
    ///   - name: the workload's.
    ///   - owner: the owner of the workload; default: all that have one of this name.
    public func endpoints(of name: WorkloadName, owner: OwnerName? = nil) async throws -> EndpointList {
        try await transport.send(
            TransportRequest(.get, Self.path("endpoints"), query: ["name": name, "owner": owner]))
    }

    /// The history after a revision, oldest first.
    ///
    /// - Parameters:
    ///   - since: the `revision` of the last answer; 0 for all that is kept.
    ///   - limit: at most so many events.
    ///   - wait: how long to wait for an event where there is none.
    /// - Throws: `revision_gone` where the history does not reach back so far.
    public func events(since: Int, limit: Int = 1000, wait: Duration = .zero) async throws -> EventList {
        try await transport.send(
            TransportRequest(.get, Self.path("events"), query: ["since": since, "limit": limit], wait: wait))
    }

    /// The events after a revision, one after the other, without end: it waits for what is to come.
    ///
    /// It holds one answer at a time. A manager that is away is waited for, however long that takes, and the events go on after the
    /// last one: none is lost, and none comes twice. Cancel the task that reads them to give up.
    ///
    /// It throws `revision_gone` when the history does not reach back so far, and what waiting cannot mend, such as
    /// `unauthorized`.
    ///
    /// - Parameter since: the revision of the last event that is known; 0 for all that is kept.
    public func events(following since: Int) -> EventStream { EventStream(client: self, since: since) }
}

// MARK: - Backups

extension ManagerClient {
    /// A copy of the manager's store as of one moment: a SQLite database, which `cube manager restore` puts in its place. It holds
    /// the values of `env`. It needs the token of the role `write`.
    public func backup() async throws -> ByteStream {
        try await transport.stream(TransportRequest(.get, Self.path("backup")), follows: false)
    }
}

// MARK: - Workers

extension ManagerClient {
    /// Makes a worker known; a worker does it at its start, and when no manager asked it for a while. It needs the token of the
    /// role `worker`.
    ///
    /// - Returns: the cluster that it belongs to from now on, and the manager's term.
    /// - Throws: `foreign_cluster` where the worker belongs to another one.
    @discardableResult
    public func register(_ worker: WorkerInfo) async throws -> WorkerWelcome {
        try await transport.send(
            TransportRequest(.post, Self.path("workers"), body: worker, isIdempotent: true))
    }

    /// All workers, each as the node that it makes of its machine, by name: state, capacity, what is reserved, labels.
    public func workers() async throws -> NodeList {
        try await transport.send(TransportRequest(.get, Self.path("workers")))
    }

    /// One worker, as the node that it makes of its machine.
    ///
    /// - Throws: `worker_not_found`.
    public func worker(_ name: NodeName) async throws -> NodeInfo {
        try await transport.send(TransportRequest(.get, Self.path("workers", name.rawValue)))
    }

    /// Gives a node no new tasks; those that it runs go on. ``undrain(_:)`` ends it.
    ///
    /// - Throws: `worker_not_found`.
    @discardableResult
    public func drain(_ name: NodeName) async throws -> NodeInfo {
        try await transport.send(
            TransportRequest(.post, Self.path("workers", name.rawValue, "drain"), isIdempotent: true))
    }

    /// Lets a node take new tasks again.
    ///
    /// - Throws: `worker_not_found`.
    @discardableResult
    public func undrain(_ name: NodeName) async throws -> NodeInfo {
        try await transport.send(TransportRequest(.delete, Self.path("workers", name.rawValue, "drain")))
    }

    /// Forgets a node that will not come back. Its tasks count as lost from then on, and may run elsewhere: be sure that they
    /// do not run there any more.
    ///
    /// - Throws: `worker_not_found`.
    public func remove(_ name: NodeName) async throws {
        try await transport.send(
            TransportRequest(.delete, Self.path("workers", name.rawValue), removes: .workerNotFound))
    }
}

// MARK: - Owners

extension ManagerClient {
    /// All owners, by name: their sources, leases, directives and what is held.
    public func owners() async throws -> OwnerList {
        try await transport.send(TransportRequest(.get, Self.path("owners")))
    }

    /// One owner.
    ///
    /// - Throws: `owner_not_found`.
    public func owner(_ name: OwnerName) async throws -> OwnerStatus {
        try await transport.send(TransportRequest(.get, Self.path("owners", name.rawValue)))
    }

    /// Takes, renews or gives back the right to write for an owner. A lease lasts `Lease.length`. A request without an id is
    /// given one, so that a lease whose answer was lost is not in the way of the one who took it.
    ///
    /// - Returns: the owner with its lease, whose `fence` every write for the owner has to carry.
    /// - Throws: `lease_held`, `owner_taken`, `stale_fence`.
    @discardableResult
    public func lease(_ name: OwnerName, with request: LeaseRequest) async throws -> OwnerStatus {
        var request = request
        request.id = request.id ?? Self.newID()
        return try await transport.send(
            TransportRequest(.put, Self.path("owners", name.rawValue, "lease"), body: request))
    }

    /// Tells an owner something; its lease's holder acts on it. A directive without an id is given one, so that it counts once
    /// however often it has to be sent.
    ///
    /// - Throws: `hold_not_found` for an approval of nothing that is held; `owner_not_found`.
    @discardableResult
    public func direct(_ name: OwnerName, with directive: Directive) async throws -> OwnerStatus {
        var directive = directive
        directive.id = directive.id ?? Self.newID()
        return try await transport.send(
            TransportRequest(
                .put, Self.path("owners", name.rawValue, "directives", directive.name), body: directive))
    }

    private static func newID() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }

    /// Forgets an owner that has no tasks, with its slot records.
    ///
    /// - Throws: `owner_not_found`; `conflict` while it has tasks that have not ended.
    public func forget(_ name: OwnerName) async throws {
        try await transport.send(
            TransportRequest(.delete, Self.path("owners", name.rawValue), removes: .ownerNotFound))
    }
}
