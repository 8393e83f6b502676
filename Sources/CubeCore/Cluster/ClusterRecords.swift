package import HashTreeCollections
package import CubeTypes

/// The durable records of a cluster. They are a value whose copies are cheap, because copies share their storage.
package struct ClusterRecords: Equatable, Sendable {
    package let cluster: ClusterID
    package var counters = ClusterCounters()
    package var tasks: TreeDictionary<TaskID, TaskRecord> = [:]
    package var slots: TreeDictionary<SlotKey, SlotRecord> = [:]
    package var nodes: TreeDictionary<NodeName, NodeRecord> = [:]
    package var owners: TreeDictionary<OwnerName, OwnerRecord> = [:]
    package var volumes: TreeDictionary<VolumeKey, VolumeRecord> = [:]
    package var tokens: TreeDictionary<TokenName, TokenRecord> = [:]

    package init(cluster: ClusterID) { self.cluster = cluster }

    package mutating func apply(_ changes: ClusterChanges) {
        if let counters = changes.counters { self.counters = counters }
        for (id, task) in changes.tasks { tasks[id] = task }
        for (key, slot) in changes.slots { slots[key] = slot }
        for (name, node) in changes.nodes { nodes[name] = node }
        for (name, owner) in changes.owners { owners[name] = owner }
        for (key, volume) in changes.volumes { volumes[key] = volume }
        for (name, token) in changes.tokens { tokens[name] = token }
    }
}

/// Values of the whole cluster: the counters, which never decrease, and the node of the last placement.
package struct ClusterCounters: Hashable, Codable, Sendable {
    /// The revision of the cluster state. It increases with each command that changes the state.
    package var revision = 0
    /// The highest fence that was issued to any owner. All owners share this counter, so that a fence is never issued twice, even
    /// if an owner is forgotten and created again.
    package var fence = 0
    /// The node on which a task was last placed.
    package var lastPicked: NodeName?
    /// The time at which this state was restored from an older backup; `nil` if it was not, or if all nodes have reported their
    /// volumes since.
    package var restoredAt: DurableInstant?

    package init() {}

    /// Allows for what was lost since the backup from which this state was restored: skips the fences that may have been issued, and
    /// expects that nodes have volumes without records.
    package mutating func recover(at moment: DurableInstant) {
        fence += Self.lostFences
        restoredAt = moment
    }

    private static let lostFences = 1_000_000
}

/// The changes that commands made: for each key the new record, or `nil` if the record was removed.
package struct ClusterChanges: Equatable, Sendable {
    /// The term of the manager's incarnation; `nil` if it did not change.
    package var term: Int?
    package var counters: ClusterCounters?
    package var tasks: [TaskID: TaskRecord?] = [:]
    package var slots: [SlotKey: SlotRecord?] = [:]
    package var nodes: [NodeName: NodeRecord?] = [:]
    package var owners: [OwnerName: OwnerRecord?] = [:]
    package var volumes: [VolumeKey: VolumeRecord?] = [:]
    package var tokens: [TokenName: TokenRecord?] = [:]
    package var events: [TaskEvent] = []

    package init() {}

    /// Adds later changes. They take precedence over the changes that are already here.
    package mutating func add(_ later: ClusterChanges) {
        if let term = later.term { self.term = term }
        if let counters = later.counters { self.counters = counters }
        tasks.merge(later.tasks) { $1 }
        slots.merge(later.slots) { $1 }
        nodes.merge(later.nodes) { $1 }
        owners.merge(later.owners) { $1 }
        volumes.merge(later.volumes) { $1 }
        tokens.merge(later.tokens) { $1 }
        events += later.events
    }

    /// Returns these changes with later ones.
    package func adding(_ later: ClusterChanges) -> ClusterChanges {
        guard !isEmpty else { return later }
        var changes = self
        changes.add(later)
        return changes
    }

    /// Whether these changes record that a task is stopping, has ended or was removed.
    package func storeStop(of id: TaskID) -> Bool {
        guard let change = tasks[id] else { return false }
        return change.map { !$0.phase.canStop } ?? true
    }

    package var isEmpty: Bool {
        term == nil && counters == nil && tasks.isEmpty && slots.isEmpty && nodes.isEmpty && owners.isEmpty
            && volumes.isEmpty && tokens.isEmpty && events.isEmpty
    }
}
