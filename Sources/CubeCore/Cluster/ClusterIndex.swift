package import DequeModule
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
    package private(set) var pending: TreeDictionary<Demand, Deque<PendingTask>> = [:]
    /// The tasks that are ready, but have not been ready for long enough to count as proven.
    package private(set) var maturing: TreeSet<TaskID> = []
    /// The slots with more stored tasks than ``Retention/attempts``. Only these slots have tasks to sweep.
    package private(set) var crowded: TreeSet<SlotKey> = []
    /// The tasks whose definitions have an `id`, by that `id`. Scheduling a definition with a known `id` returns the existing task.
    package private(set) var keyed: TreeDictionary<String, TaskID> = [:]
    /// The number of tasks in each state.
    package private(set) var states: TreeDictionary<TaskState, Int> = [:]

    /// The tasks of a node that have not ended, and the resources and ports that they use.
    package struct NodeLoad: Equatable, Sendable {
        package var reserved = ResourceSpec.zero
        /// The host ports of the tasks.
        package var ports: TreeSet<HostPort> = []
        /// The tasks that are placed on the node and have not ended.
        package var tasks: TreeSet<TaskID> = []
        package var workloads: TreeDictionary<WorkloadKey, Int> = [:]
        /// The tasks about which the worker must be called, to assign, update or stop them.
        package var due: TreeSet<TaskID> = []
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

    package init(of records: ClusterRecords) {
        for slot in records.slots.keys { insert(slot) }
        for task in records.tasks.values.sorted(by: { $0.attempt < $1.attempt }) { insert(task) }
    }

    package func load(of node: NodeName) -> NodeLoad { loads[node] ?? NodeLoad() }
}

extension ClusterIndex {
    mutating func insert(_ slot: SlotKey) { slots[slot.owner, default: []].insert(slot) }

    mutating func remove(_ slot: SlotKey) {
        slots[slot.owner]?.remove(slot)
        if slots[slot.owner]?.isEmpty == true { slots[slot.owner] = nil }
    }

    mutating func insert(_ task: TaskRecord) {
        attempts[task.slot, default: []].append(task.id)
        if let id = task.definition.id { keyed[id] = task.id }
        adjustCrowded(task.slot)
        count(task, by: 1)
    }

    mutating func replace(_ old: TaskRecord, by new: TaskRecord) {
        count(old, by: -1)
        count(new, by: 1)
    }

    mutating func remove(_ task: TaskRecord) {
        attempts[task.slot]?.removeAll { $0 == task.id }
        if attempts[task.slot]?.isEmpty == true { attempts[task.slot] = nil }
        if let id = task.definition.id, keyed[id] == task.id { keyed[id] = nil }
        adjustCrowded(task.slot)
        count(task, by: -1)
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
        }
        switch task.phase {
        case .pending: queue(task, adds: step > 0)
        case .scheduled(let placement), .running(let placement), .stopping(let placement):
            loads[placement.node, default: NodeLoad()].count(task, by: step)
            if loads[placement.node]?.tasks.isEmpty == true { loads[placement.node] = nil }
        case .ended: break
        }
        if case .ready = task.health { maturing.set(task.id, to: step > 0) }
    }

    private mutating func queue(_ task: TaskRecord, adds: Bool) {
        let demand = Demand(task.definition)
        let entry = PendingTask(createdRevision: task.createdRevision, id: task.id)
        pending[demand, default: []].set(entry, to: adds)
        if pending[demand]?.isEmpty == true { pending[demand] = nil }
    }
}

extension ClusterIndex.NodeLoad {
    fileprivate mutating func count(_ task: TaskRecord, by step: Int) {
        let resources = task.definition.resources
        reserved = step > 0 ? reserved + resources : reserved - resources
        for port in task.hostPorts { ports.set(port, to: step > 0) }
        tasks.set(task.id, to: step > 0)
        workloads.count(task.slot.workload, by: step)
        if task.dueCall != nil { due.set(task.id, to: step > 0) }
    }
}

extension TreeDictionary where Value == Int {
    /// Adds `step` to the count of a key. Counts of zero are removed, so that equal counts are equal values.
    fileprivate mutating func count(_ key: Key, by step: Int) {
        let count = (self[key] ?? 0) + step
        self[key] = count == 0 ? nil : count
    }
}

extension TreeSet {
    fileprivate mutating func set(_ element: Element, to isMember: Bool) {
        if isMember { insert(element) } else { remove(element) }
    }
}

extension Deque<ClusterIndex.PendingTask> {
    /// Inserts an entry at its sorted position, or removes it.
    fileprivate mutating func set(_ entry: Element, to isMember: Bool) {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < entry { low = middle + 1 } else { high = middle }
        }
        if isMember { insert(entry, at: low) } else { remove(at: low) }
    }
}
