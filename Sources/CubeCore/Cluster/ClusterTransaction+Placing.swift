import HashTreeCollections
import HeapModule
import CubeTypes

extension ClusterTransaction {
    /// Places a task on a node, or records in the task why no node fits. The caller stores the task.
    mutating func place(_ task: inout TaskRecord) {
        let demand = Demand(task.definition, of: task.slot.owner)
        if let cause = state.recoveryCause(for: demand) {
            task.phase = .pending(cause: cause)
            return
        }
        let image = state.prefersImages ? task.definition.fullImageReference : nil
        let bound = demand.volumes.compactMap { state.records.volumes[$0] }
        let neighbors = demand.neighbor.map(state.liveNodes)
        let scheduler = Scheduler(policy: state.policy, lastPicked: state.records.counters.lastPicked)
        let decision = state.index.placement.decide(
            demand, of: task.slot.workload, image: image, bound: bound, neighbors: neighbors, by: scheduler)
        switch decision {
        case .node(let node):
            bindVolumes(of: task, to: node)
            count { $0.lastPicked = node }
            task.placements += 1
            let ports = PortAllocation.allocate(
                task.definition.ports, for: task.id, placement: task.placements, taken: state.index.load(of: node).ports
            )
            task.phase = .scheduled(
                placement: Placement(
                    node: node, number: task.placements, host: state.records.nodes[node]?.host, ports: ports,
                    addresses: state.addresses(for: task)))
        case .pending(let cause):
            task.phase = .pending(cause: cause)
        }
    }

    /// Places the pending tasks that fit now, and then tasks of silent nodes on other nodes.
    mutating func placePending() {
        guard mayPlacePending else { return }
        mayPlacePending = false
        var hasAdvanced = false
        func advanceOnce(_ transaction: inout ClusterTransaction) {
            if !hasAdvanced { transaction.advance() }
            hasAdvanced = true
        }
        placeOldest(of: \.pending) { transaction, task, demand in
            let before = task.phase
            var task = task
            transaction.place(&task)
            guard task.phase != before else { return false }
            advanceOnce(&transaction)
            transaction.put(task)
            guard case .pending(let cause) = task.phase else { return true }
            transaction.explain(cause, to: demand)
            return false
        }
        let awaitsReturns = state.returnWait.map { !$0.hasPassed(at: moment) } ?? false
        // A task that fits on no other node stays where it is, so that nothing changes when its node comes back.
        placeOldest(of: \.lost) { transaction, task, _ in
            // An exclusive task has been killed on its silent node, so there is nothing to wait for.
            guard !awaitsReturns || task.definition.exclusive else { return false }
            return transaction.relocate(task) { advanceOnce(&$0) }
        }
    }

    /// Gives a task a new placement on another node. The worker of its former node is told to stop the former one.
    ///
    /// - Parameter advance: advances the revision, and is called only if the task fits on another node.
    /// - Returns: whether the task fits on another node. If it does not, nothing changes.
    mutating func relocate(_ task: TaskRecord, advance: (inout ClusterTransaction) -> Void) -> Bool {
        guard let former = task.phase.placement else { return false }
        var task = task
        place(&task)
        guard case .scheduled(let placement) = task.phase else { return false }
        task.nodeUnknown = false
        task.eviction = nil
        task.health = .unready
        task.leaving.removeAll { [former.node, placement.node].contains($0.node) }
        task.leaving.append(TaskRecord.FormerPlacement(node: former.node, number: former.number))
        advance(&self)
        put(task)
        setStray(task.id, placement: former.number, on: former.node)
        // Others may wait for the network of this one.
        mayPlacePending = true
        return true
    }

    /// Tries to place the tasks of queues, oldest first. If a task does not fit, no other task with the same demand fits either. The cost
    /// therefore depends on the number of placed tasks and of demands, not on the number of tasks in the queues.
    ///
    /// - Parameter place: tries to place a task, and returns whether the next task of its queue is worth a try.
    private mutating func placeOldest(
        of queues: KeyPath<ClusterIndex, TreeDictionary<Demand, SortedQueue<ClusterIndex.PendingTask>>>,
        _ place: (inout ClusterTransaction, TaskRecord, Demand) -> Bool
    ) {
        var heap = Heap(state.index[keyPath: queues].map { PendingQueue(demand: $0.key, oldest: $0.value.first!) })
        while let queue = heap.popMin() {
            guard let task = state.records.tasks[queue.oldest.id], place(&self, task, queue.demand),
                let next = state.index[keyPath: queues][queue.demand]?.first
            else { continue }
            heap.insert(PendingQueue(demand: queue.demand, oldest: next))
        }
    }

    /// Records a reason for waiting in all pending tasks with the same demand.
    private mutating func explain(_ cause: PendingCause, to demand: Demand) {
        for entry in state.index.pending[demand] ?? SortedQueue() {
            guard var task = state.records.tasks[entry.id], task.phase != .pending(cause: cause) else { continue }
            task.phase = .pending(cause: cause)
            put(task)
        }
    }
}

extension ClusterState {
    /// The nodes on which a task of a workload is placed that is not about to leave.
    fileprivate func liveNodes(of workload: WorkloadKey) -> Set<NodeName> {
        Set(live(workload.name, of: workload.owner).filter { !$0.phase.isStopping }.compactMap(\.phase.placement?.node))
    }
}

/// A queue of tasks with the same demand. Queues are sorted by their oldest task.
private struct PendingQueue: Comparable {
    let demand: Demand
    let oldest: ClusterIndex.PendingTask

    static func < (left: PendingQueue, right: PendingQueue) -> Bool { left.oldest < right.oldest }
}
