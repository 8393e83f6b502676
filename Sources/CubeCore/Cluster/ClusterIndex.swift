package import HashTreeCollections
package import CubeTypes

/// Indexes and counts that are derived from the records. Every change updates them, so that no command scans all tasks.
package struct ClusterIndex: Equatable, Sendable {
    /// The stored tasks of each slot, in the order of their attempts.
    package private(set) var attempts: TreeDictionary<SlotKey, [TaskID]> = [:]
    package private(set) var slots: TreeDictionary<OwnerName, TreeSet<SlotKey>> = [:]
    /// The number of tasks of each workload that have not ended.
    package private(set) var live: TreeDictionary<WorkloadKey, Int> = [:]
    /// The number of names of each owner that have at least one task that has not ended.
    package private(set) var liveNames: TreeDictionary<OwnerName, Int> = [:]
    package private(set) var loads: TreeDictionary<NodeName, NodeLoad> = [:]
    /// The tasks that wait for a node, grouped by demand, oldest first.
    package private(set) var pending: TreeDictionary<Demand, SortedQueue<PendingTask>> = [:]
    /// The tasks on silent nodes that are to be placed on other nodes, likewise.
    package private(set) var lost: TreeDictionary<Demand, SortedQueue<PendingTask>> = [:]
    /// The tasks whose nodes are drained, as their records say.
    package private(set) var evicting: TreeSet<TaskID> = []
    /// The tasks that may still run in a former placement, by the node of that placement.
    package private(set) var leaving: TreeDictionary<NodeName, TreeSet<TaskID>> = [:]
    /// The number of pending tasks that use the network of a task of the workload.
    package private(set) var awaited: TreeDictionary<WorkloadKey, Int> = [:]
    /// The nodes, and what is placed on them. A decision changes what it remembers.
    package internal(set) var placement = PlacementIndex()
    /// The tasks that are ready, but have not been ready for long enough to count as proven.
    package private(set) var maturing: TreeSet<TaskID> = []
    /// The slots with more stored tasks than ``Retention/attempts``. Only these slots have tasks to sweep.
    package private(set) var crowded: TreeSet<SlotKey> = []
    /// The tasks whose definitions have an `id`, by that `id`. Scheduling a definition with a known `id` returns the existing task.
    package private(set) var keyed: TreeDictionary<String, TaskID> = [:]
    /// The tasks that use a named volume and have not ended.
    package private(set) var volumeUsers: TreeDictionary<VolumeKey, TreeSet<TaskID>> = [:]
    /// The volumes that the worker of a node must remove.
    package private(set) var removals: TreeDictionary<NodeName, TreeSet<VolumeKey>> = [:]
    /// The number of tasks in each state.
    package private(set) var states: TreeDictionary<TaskState, Int> = [:]

    /// The tasks of a node that have not ended, and the resources and ports that they use.
    package struct NodeLoad: Equatable, Sendable {
        package var reserved = ResourceSpec.zero
        /// The host ports of the tasks.
        package var ports: TreeSet<HostPort> = []
        /// The tasks that are placed on the node and have not ended.
        package var tasks: TreeSet<TaskID> = []
        /// The number of exclusive tasks.
        package var exclusive = 0
        /// The tasks about which the worker must be called, to assign, update or stop them.
        package var due: TreeSet<TaskID> = []

        var use: NodeUse { NodeUse(reserved: reserved, ports: ports, tasks: tasks.count) }
    }

    /// An entry in the queue of pending tasks. Entries are sorted by the revision at which the task was created.
    package struct PendingTask: Hashable, Comparable, Sendable {
        package let createdRevision: Int
        package let id: TaskID

        package static func < (left: PendingTask, right: PendingTask) -> Bool {
            (left.createdRevision, left.id) < (right.createdRevision, right.id)
        }
    }

    package init() {}

    /// - Parameter overdue: the nodes that get no tasks, because they have not responded for a while.
    package init(of records: ClusterRecords, overdue: TreeSet<NodeName> = []) {
        placement = PlacementIndex(
            records.nodes.values.map { node in
                let isOverdue = overdue.contains(node.worker.name)
                return (NodeTraits(node.worker), node.standing(isOverdue: isOverdue), NodeUse())
            })
        for slot in records.slots.keys { insert(slot) }
        for task in records.tasks.values.sorted(by: { $0.attempt < $1.attempt }) {
            add(task)
            if let occupancy = task.occupancy { placement.count(occupancy, by: 1) }
        }
        for (name, load) in loads { placement.set(load.use, of: name) }
        for volume in records.volumes.values where volume.isRemoving { set(volume, removing: true) }
    }

    package func load(of node: NodeName) -> NodeLoad { loads[node] ?? NodeLoad() }
}

extension ClusterIndex {
    /// - Parameter isOverdue: whether the node gets no tasks, because it has not responded for a while.
    mutating func set(_ node: NodeRecord, isOverdue: Bool) {
        placement.set(
            NodeTraits(node.worker), state: node.standing(isOverdue: isOverdue), use: load(of: node.worker.name).use)
    }

    mutating func remove(_ node: NodeName) { placement.remove(node) }

    mutating func insert(_ slot: SlotKey) { slots[slot.owner, default: []].insert(slot) }

    mutating func remove(_ slot: SlotKey) {
        slots[slot.owner]?.remove(slot)
        if slots[slot.owner]?.isEmpty == true { slots[slot.owner] = nil }
    }

    mutating func insert(_ task: TaskRecord) {
        add(task)
        if let occupancy = task.occupancy { occupy(occupancy, by: 1) }
    }

    /// Adds a task to everything but ``placement``.
    private mutating func add(_ task: TaskRecord) {
        attempts[task.slot, default: []].append(task.id)
        if let id = task.definition.id { keyed[id] = task.id }
        adjustCrowded(task.slot)
        count(task, by: 1)
    }

    mutating func replace(_ old: TaskRecord, by new: TaskRecord) {
        count(old, by: -1)
        count(new, by: 1)
        // Most changes of a task leave its node as it is.
        let (before, after) = (old.occupancy, new.occupancy)
        guard before != after else { return }
        if let before { occupy(before, by: -1) }
        if let after { occupy(after, by: 1) }
    }

    mutating func remove(_ task: TaskRecord) {
        attempts[task.slot]?.removeAll { $0 == task.id }
        if attempts[task.slot]?.isEmpty == true { attempts[task.slot] = nil }
        if let id = task.definition.id, keyed[id] == task.id { keyed[id] = nil }
        adjustCrowded(task.slot)
        count(task, by: -1)
        if let occupancy = task.occupancy { occupy(occupancy, by: -1) }
    }

    /// Takes in that a task comes to its node or leaves it, after ``loads`` has.
    private mutating func occupy(_ occupancy: Occupancy, by step: Int) {
        placement.set(load(of: occupancy.node).use, of: occupancy.node)
        placement.count(occupancy, by: step)
    }

    mutating func set(_ volume: VolumeRecord, removing: Bool) {
        removals.set(volume.key, in: volume.node, to: removing)
    }

    private mutating func adjustCrowded(_ slot: SlotKey) {
        crowded.set(slot, to: (attempts[slot]?.count ?? 0) > Retention.attempts)
    }

    /// Adds a task to the counts and sets that it belongs to if `step` is 1, or removes it from them if `step` is -1.
    private mutating func count(_ task: TaskRecord, by step: Int) {
        states.count(task.phase.state, by: step)
        if !task.phase.hasEnded {
            let wasLive = live[task.slot.workload] != nil
            live.count(task.slot.workload, by: step)
            if (live[task.slot.workload] != nil) != wasLive { liveNames.count(task.slot.owner, by: step) }
            for key in task.volumes { volumeUsers.set(task.id, in: key, to: step > 0) }
        }
        switch task.phase {
        case .pending: queue(task, adds: step > 0)
        case .scheduled(let placement), .running(let placement), .stopping(let placement):
            loads[placement.node, default: NodeLoad()].count(task, by: step)
            if loads[placement.node]?.tasks.isEmpty == true { loads[placement.node] = nil }
        case .ended: break
        }
        if task.awaitsReplacement { lost.set(task, to: step > 0) }
        if task.eviction != nil { evicting.set(task.id, to: step > 0) }
        for former in task.leaving { leaving.set(task.id, in: former.node, to: step > 0) }
        if case .ready = task.health { maturing.set(task.id, to: step > 0) }
    }

    private mutating func queue(_ task: TaskRecord, adds: Bool) {
        let demand = pending.set(task, to: adds)
        if let neighbor = demand.neighbor { awaited.count(neighbor, by: adds ? 1 : -1) }
    }
}

/// What matters of a placed task to the placement of others.
private struct Occupancy: Equatable {
    let node: NodeName
    let workload: WorkloadKey
    let networkHolder: WorkloadName?
    let resources: ResourceSpec
    let ports: [HostPort]
}

extension TaskRecord {
    fileprivate var occupancy: Occupancy? {
        phase.placement.map { placement in
            Occupancy(
                node: placement.node, workload: slot.workload, networkHolder: definition.network.of,
                resources: definition.resources, ports: hostPorts)
        }
    }
}

extension PlacementIndex {
    fileprivate mutating func count(_ occupancy: Occupancy, by step: Int) {
        count(occupancy.workload, on: occupancy.node, networkOf: occupancy.networkHolder, by: step)
    }
}

extension ClusterIndex.NodeLoad {
    fileprivate mutating func count(_ task: TaskRecord, by step: Int) {
        let resources = task.definition.resources
        reserved = step > 0 ? reserved + resources : reserved - resources
        for port in task.hostPorts { ports.set(port, to: step > 0) }
        tasks.set(task.id, to: step > 0)
        if task.definition.exclusive { exclusive += step }
        if task.dueCall != nil { due.set(task.id, to: step > 0) }
    }
}

extension TreeDictionary<Demand, SortedQueue<ClusterIndex.PendingTask>> {
    /// Adds a task to the queue of its demand, or removes it.
    @discardableResult
    fileprivate mutating func set(_ task: TaskRecord, to isMember: Bool) -> Demand {
        let demand = Demand(task.definition, of: task.slot.owner)
        let entry = ClusterIndex.PendingTask(createdRevision: task.createdRevision, id: task.id)
        if isMember {
            self[demand, default: SortedQueue()].insert(entry)
        } else {
            self[demand]?.remove(entry)
        }
        if self[demand]?.isEmpty == true { self[demand] = nil }
        return demand
    }
}

extension TreeDictionary where Value == Int {
    /// Adds `step` to the count of a key. Counts of zero are removed, so that equal counts are equal values.
    fileprivate mutating func count(_ key: Key, by step: Int) {
        let count = (self[key] ?? 0) + step
        self[key] = count == 0 ? nil : count
    }
}

extension TreeDictionary {
    /// Adds an element to the set of a key, or removes it. Empty sets are removed, so that equal contents are equal values.
    fileprivate mutating func set<Element>(_ element: Element, in key: Key, to isMember: Bool)
    where Value == TreeSet<Element> {
        self[key, default: []].set(element, to: isMember)
        if self[key]?.isEmpty == true { self[key] = nil }
    }
}

extension TreeSet {
    fileprivate mutating func set(_ element: Element, to isMember: Bool) {
        if isMember { insert(element) } else { remove(element) }
    }
}
