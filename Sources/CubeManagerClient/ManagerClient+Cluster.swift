import CubeErrors
import CubeTransport
public import CubeTypes

// MARK: - The cluster

extension ManagerClient {
    /// Returns the status of the cluster: its id, the manager's term, the numbers of tasks and nodes by state, and the resources.
    public func clusterStatus() async throws -> ClusterStatus {
        try await transport.send(TransportRequest(.get, Self.path("cluster")))
    }

    /// Returns the status of the cluster as metrics. The name of each metric ends with its unit.
    public func metrics() async throws -> ClusterMetrics {
        try await transport.send(TransportRequest(.get, Self.path("metrics")))
    }

    /// Returns the endpoints of workloads: the ports of their ready tasks.
    ///
    /// To follow the endpoints, call it again and again, each time with the `revision` of the last response and a `wait`. A response
    /// always contains the whole list, and it may be the same list as before.
    ///
    /// - Parameters:
    ///   - name: the name of the workloads; by default, all names.
    ///   - owner: the owner of the workloads; by default, all owners.
    ///   - port: the name of the ports; by default, all ports.
    ///   - since: the `revision` of the last response. The manager responds at once if an endpoint may have changed after it.
    ///   - wait: how long the manager waits for a change after `since`.
    public func endpoints(
        of name: WorkloadName? = nil, owner: OwnerName? = nil, port: String? = nil, since: Int? = nil,
        wait: Duration = .zero
    ) async throws -> EndpointList {
        try await transport.send(
            TransportRequest(
                .get, Self.path("endpoints"), query: ["name": name, "owner": owner, "port": port, "since": since],
                wait: since == nil ? nil : wait))
    }

    /// Returns the events after a revision, oldest first.
    ///
    /// - Parameters:
    ///   - since: the `revision` of the last response; 0 for all events that the manager keeps.
    ///   - limit: the maximum number of events.
    ///   - wait: how long the manager waits for an event if there is none yet.
    /// - Throws: `revision_gone` if the history does not reach back to the revision.
    public func events(since: Int, limit: Int = 1000, wait: Duration = .zero) async throws -> EventList {
        try await transport.send(
            TransportRequest(.get, Self.path("events"), query: ["since": since, "limit": limit], wait: wait))
    }

    /// Returns the events after a revision as an endless sequence that waits for new events.
    ///
    /// The sequence holds one response at a time. If the manager is unreachable, the sequence waits for it, however long that takes,
    /// and continues after the last event: no event is lost or repeated. To stop, cancel the task that reads the sequence.
    ///
    /// The sequence throws `revision_gone` if the history does not reach back to the revision. It also throws errors that waiting
    /// cannot resolve, such as `unauthorized`.
    ///
    /// - Parameter since: the revision of the last known event; 0 for all events that the manager keeps.
    public func events(following since: Int) -> EventStream { EventStream(client: self, since: since) }
}

// MARK: - Backups

extension ManagerClient {
    /// Returns a consistent copy of the manager's store: a SQLite database, which `cube manager restore` restores. The copy contains
    /// the values of `env`. The call requires a token of the role `write`.
    public func backup() async throws -> ByteStream {
        try await transport.stream(TransportRequest(.get, Self.path("backup")), follows: false)
    }
}

// MARK: - Workers

extension ManagerClient {
    /// Registers a worker. A worker registers when it starts, and again when no manager has queried it for a while. The call
    /// requires a token of the role `worker`.
    ///
    /// - Returns: the cluster that the worker now belongs to, and the manager's term.
    /// - Throws: `foreign_cluster` if the worker belongs to another cluster.
    @discardableResult
    public func register(_ worker: WorkerInfo) async throws -> WorkerWelcome {
        try await transport.send(
            TransportRequest(.post, Self.path("workers"), body: worker, isIdempotent: true))
    }

    /// Returns all workers, each as the node that it runs on, sorted by name: state, capacity, reserved resources and labels.
    public func workers() async throws -> NodeList {
        try await transport.send(TransportRequest(.get, Self.path("workers")))
    }

    /// Returns a worker as the node that it runs on.
    ///
    /// - Throws: `worker_not_found`.
    public func worker(_ name: NodeName) async throws -> NodeInfo {
        try await transport.send(TransportRequest(.get, Self.path("workers", name.rawValue)))
    }

    /// Returns the metrics of a node and of its tasks. The manager asks the worker of the node for them.
    ///
    /// - Throws: `worker_not_found`; `unavailable` if the worker does not respond.
    public func metrics(of name: NodeName) async throws -> WorkerMetrics {
        try await transport.send(TransportRequest(.get, Self.path("workers", name.rawValue, "metrics")))
    }

    /// Forgets a node that will not come back. Its tasks count as lost from then on and may be started elsewhere. Make sure that
    /// they no longer run on the node.
    ///
    /// - Throws: `worker_not_found`.
    public func remove(_ name: NodeName) async throws {
        try await transport.send(
            TransportRequest(.delete, Self.path("workers", name.rawValue), removes: .workerNotFound))
    }
}

// MARK: - Owners

extension ManagerClient {
    /// Returns all owners, sorted by name, with their sources, leases, directives and held changes.
    public func owners() async throws -> OwnerList {
        try await transport.send(TransportRequest(.get, Self.path("owners")))
    }

    /// Returns one owner.
    ///
    /// - Throws: `owner_not_found`.
    public func owner(_ name: OwnerName) async throws -> OwnerStatus {
        try await transport.send(TransportRequest(.get, Self.path("owners", name.rawValue)))
    }

    /// Takes, renews or returns the lease of an owner, which is the right to write for the owner. A lease lasts `Lease.length`. If
    /// the request has no id, the client generates one. If the response is lost, the manager recognises the repeated request by
    /// its id and does not refuse the lease to its own holder.
    ///
    /// - Returns: the owner with its lease, but without its directives, holds, pruned names and root. Every write for the owner must
    ///   carry the `fence` of the lease.
    /// - Throws: `lease_held`, `owner_taken`, `stale_fence`.
    @discardableResult
    public func lease(_ name: OwnerName, with request: LeaseRequest) async throws -> OwnerStatus {
        var request = request
        request.id = request.id ?? random.id()
        return try await transport.send(
            TransportRequest(.put, Self.path("owners", name.rawValue, "lease"), body: request))
    }

    /// Sends a directive to an owner. The holder of the owner's lease acts on it. If the directive has no id, the client generates
    /// one, so that a repeated request has no further effect.
    ///
    /// - Throws: `hold_not_found` for an approval of a digest that no guard holds; `owner_not_found`.
    @discardableResult
    public func direct(_ name: OwnerName, with directive: Directive) async throws -> OwnerStatus {
        var directive = directive
        directive.id = directive.id ?? random.id()
        return try await transport.send(
            TransportRequest(
                .put, Self.path("owners", name.rawValue, "directives", directive.name), body: directive))
    }

    /// Forgets an owner whose tasks have all ended, and deletes its slot records.
    ///
    /// - Throws: `owner_not_found`; `conflict` if the owner has tasks that have not ended.
    public func forget(_ name: OwnerName) async throws {
        try await transport.send(
            TransportRequest(.delete, Self.path("owners", name.rawValue), removes: .ownerNotFound))
    }
}
