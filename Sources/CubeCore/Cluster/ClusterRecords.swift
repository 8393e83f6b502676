package import HashTreeCollections
package import CubeTypes

/// All that is durable of a cluster: a value that is copied at the price of a reference.
package struct ClusterRecords: Equatable, Sendable {
    package let cluster: ClusterID
    package var counters = ClusterCounters()
    package var tasks: TreeDictionary<TaskID, TaskRecord> = [:]
    package var slots: TreeDictionary<SlotKey, SlotRecord> = [:]
    package var nodes: TreeDictionary<NodeName, NodeRecord> = [:]
    package var owners: TreeDictionary<OwnerName, OwnerRecord> = [:]

    package init(cluster: ClusterID) { self.cluster = cluster }

    package mutating func apply(_ changes: ClusterChanges) {
        if let counters = changes.counters { self.counters = counters }
        for (id, task) in changes.tasks { tasks[id] = task }
        for (key, slot) in changes.slots { slots[key] = slot }
        for (name, node) in changes.nodes { nodes[name] = node }
        for (name, owner) in changes.owners { owners[name] = owner }
    }
}

/// What is counted over the whole cluster, and never falls.
package struct ClusterCounters: Hashable, Codable, Sendable {
    /// Grows with each command that changes something.
    package var revision = 0
    /// The highest fence that was given to any owner; one count for all, so that it outlives an owner that is forgotten.
    package var fence = 0
    /// The node that a task was placed on last.
    package var lastPicked: NodeName?

    package init() {}

    /// Skips the fences that may have been granted after the backup that this state was restored from.
    package mutating func skipLostFences() { fence += Self.lostFences }

    private static let lostFences = 1_000_000
}

/// What commands changed: by key the record as it is now, or `nil` where it is gone.
package struct ClusterChanges: Equatable, Sendable {
    /// The manager's incarnation, where it became another one.
    package var term: Int?
    package var counters: ClusterCounters?
    package var tasks: [TaskID: TaskRecord?] = [:]
    package var slots: [SlotKey: SlotRecord?] = [:]
    package var nodes: [NodeName: NodeRecord?] = [:]
    package var owners: [OwnerName: OwnerRecord?] = [:]
    package var events: [TaskEvent] = []

    package init() {}

    /// Adds what was changed later.
    package mutating func add(_ later: ClusterChanges) {
        if let term = later.term { self.term = term }
        if let counters = later.counters { self.counters = counters }
        tasks.merge(later.tasks) { $1 }
        slots.merge(later.slots) { $1 }
        nodes.merge(later.nodes) { $1 }
        owners.merge(later.owners) { $1 }
        events += later.events
    }

    /// Whether these changes store that a task stops, has ended or is gone.
    package func storeStop(of id: TaskID) -> Bool {
        guard let change = tasks[id] else { return false }
        return change.map { !$0.phase.canStop } ?? true
    }

    package var isEmpty: Bool {
        term == nil && counters == nil && tasks.isEmpty && slots.isEmpty && nodes.isEmpty && owners.isEmpty
            && events.isEmpty
    }
}
