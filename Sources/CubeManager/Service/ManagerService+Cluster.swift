import CubeErrors
package import CubeTypes
import CubeCore
import CubeVersion
import HashTreeCollections

// MARK: - Nodes

extension ManagerService {
    package func register(_ worker: WorkerInfo) async throws -> WorkerWelcome {
        try await write { (transaction) throws(APIError) in try transaction.register(worker) }
    }

    package func nodes() async throws -> NodeList {
        let nodes = state.records.nodes.values.sorted { $0.worker.name < $1.worker.name }
        return NodeList(
            revision: state.revision,
            nodes: nodes.map(info))
    }

    package func node(_ name: NodeName) async throws -> NodeInfo { info(of: try record(of: name)) }

    /// Returns the metrics of a node and its tasks from its worker.
    package func metrics(of name: NodeName) async throws -> WorkerMetrics {
        try await gateway.verifying(name).metrics(at: try record(of: name).worker.url)
    }

    func record(of name: NodeName) throws(APIError) -> NodeRecord {
        guard let node = state.records.nodes[name] else {
            throw APIError(.workerNotFound, "node \(name): not found")
        }
        return node
    }

    private func info(of node: NodeRecord) -> NodeInfo {
        let name = node.worker.name
        return state.info(of: node, lastSeenAt: lastSeen[name], message: complaints[name])
    }

    /// Removes a node from the cluster. If the node is silent, its tasks end as stopped.
    package func remove(_ name: NodeName) async throws {
        try await write { (transaction) throws(APIError) in try transaction.remove(name) }
        (lastSeen[name], complaints[name], receipts[name]) = (nil, nil, nil)
    }
}

// MARK: - The cluster

extension ManagerService {
    package func cluster() async throws -> ClusterStatus {
        let nodes = state.records.nodes.values
        let ready = nodes.filter(\.takesTasks)
        return ClusterStatus(
            cluster: state.cluster, version: ProductVersion.current, term: state.term,
            revision: state.revision, managers: [options.advertised].compactMap(\.self), policy: state.policy,
            prefersImages: state.prefersImages,
            tasks: Dictionary(uniqueKeysWithValues: state.index.states.map { ($0.key.rawValue, $0.value) }),
            nodes: Dictionary(grouping: nodes, by: \.state.rawValue).mapValues(\.count),
            owners: Set(state.records.owners.keys).union(state.index.slots.keys).sorted(),
            capacity: ready.reduce(.zero) { $0 + $1.worker.capacity },
            reserved: ready.reduce(.zero) { $0 + state.index.load(of: $1.worker.name).reserved })
    }

    /// Returns the events after a revision; waits for an event if there are none. Revision 0 returns all stored events.
    ///
    /// - Throws: `revision_gone` if some of the events are no longer stored; `validation_failed`.
    package func events(since revision: Int, limit: Int, wait: Duration) async throws -> EventList {
        guard limit >= 1 else {
            throw APIError.invalid([ValidationError(field: "limit", value: "\(limit)", message: "is below 1")])
        }
        let found = try await self.wait(for: .events, upTo: wait) {
            let events = try self.events(since: revision, limit: limit)
            return events.isEmpty ? nil : events
        }
        // Read the events again: the returned revision includes commits after the last check, and a caller that
        // continues from it must not lose their events.
        let events = try found ?? self.events(since: revision, limit: limit)
        return EventList(revision: events.last?.revision ?? max(revision, state.revision), events: events)
    }

    private func events(since revision: Int, limit: Int) throws(APIError) -> [TaskEvent] {
        guard revision <= state.revision, let events = eventLog.events(since: revision, limit: limit) else {
            throw APIError(
                .revisionGone,
                "the events since revision \(revision) are no longer stored; request them since revision 0")
        }
        return events
    }
}

// MARK: - Backups

extension ManagerService {
    /// Returns a copy of the store as of one commit. The manager keeps working meanwhile.
    ///
    /// - Throws: `storage_full` if the disk of the store has no space for the copy.
    package func backup() async throws -> any StoreBackup {
        do { return try await store.backup() } catch StoreError.full {
            throw APIError(.storageFull, "the disk with the manager's store has no space for a copy of the store")
        }
    }
}

// MARK: - Owners

extension ManagerService {
    package func owners() async throws -> OwnerList {
        let owners = state.records.owners.values.sorted { $0.name < $1.name }
        return OwnerList(revision: state.revision, owners: owners.map(state.status(of:)))
    }

    package func owner(_ name: OwnerName) async throws -> OwnerStatus {
        guard let owner = state.records.owners[name] else {
            throw APIError(.ownerNotFound, "owner \(name): not found")
        }
        return state.status(of: owner)
    }

    package func lease(_ name: OwnerName, _ request: LeaseRequest) async throws -> OwnerStatus {
        try await write { (transaction) throws(APIError) in try transaction.lease(name, request) }
    }

    package func direct(_ name: OwnerName, _ directive: Directive) async throws -> OwnerStatus {
        try await write { (transaction) throws(APIError) in try transaction.direct(name, directive) }
    }

    package func forget(_ name: OwnerName) async throws {
        try await write { (transaction) throws(APIError) in try transaction.forget(name) }
    }
}
