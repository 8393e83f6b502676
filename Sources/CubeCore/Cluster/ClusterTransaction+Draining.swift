package import CubeErrors
import HashTreeCollections
package import CubeTypes

// MARK: - Orders

extension ClusterTransaction {
    /// Cordons a node: it gets no new tasks, and keeps its tasks. A drain of the node continues.
    ///
    /// - Throws: `worker_not_found`; `storage_full`.
    package mutating func cordon(_ name: NodeName) throws(APIError) {
        var node = try node(name)
        guard !node.isCordoned else { return }
        try requireRoom()
        node.isCordoned = true
        advance()
        put(node)
        emit(.nodeCordoned, node: name)
    }

    /// Uncordons a node, and ends its drain. Tasks that were moved stay where they are.
    ///
    /// - Throws: `worker_not_found`; `storage_full`.
    package mutating func uncordon(_ name: NodeName) throws(APIError) {
        var node = try node(name)
        guard node.isCordoned else { return }
        try requireRoom()
        node.isCordoned = false
        node.drain = nil
        advance()
        put(node)
        emit(.nodeUncordoned, node: name)
    }

    /// Cordons a node, and moves its tasks to other nodes. The drain lasts until the node is uncordoned. If the node is being drained
    /// already, the request replaces the earlier one.
    ///
    /// - Throws: `validation_failed`; `worker_not_found`; `storage_full`.
    package mutating func drain(_ name: NodeName, _ request: DrainRequest = DrainRequest()) throws(APIError) {
        let problems = request.problems
        if !problems.isEmpty { throw .invalid(problems) }
        var node = try node(name)
        var order = DrainOrder(request, at: moment)
        if let present = node.drain {
            guard present.jobsFrom?.span != order.jobsFrom?.span else { return }
            order.isDone = present.isDone
        }
        try requireRoom()
        let isNew = node.drain == nil
        node.isCordoned = true
        node.drain = order
        advance()
        put(node)
        if isNew { emit(.nodeDraining, node: name) }
    }

    /// Evicts jobs from the nodes on which they have had their time.
    mutating func evictLateJobs() {
        for node in state.records.nodes.values {
            guard var order = node.drain, order.isDue(at: moment) else { continue }
            var node = node
            order.evictsJobs = true
            node.drain = order
            advance()
            put(node)
        }
    }
}

// MARK: - Evictions

extension ClusterTransaction {
    /// Decides which tasks of drained nodes are to be replaced now, and which ones stay, and records the end of drains. The owners'
    /// reconcilers replace their tasks within the limits of their update policies; tasks without a reconciler are moved here.
    mutating func reviewEvictions() {
        guard mayEvict else { return }
        mayEvict = false
        let orders = state.drains
        guard !orders.isEmpty || !state.index.evicting.isEmpty else { return }
        let plan = EvictionPlan(orders, in: state)
        var hasAdvanced = false
        func advanceOnce(_ transaction: inout ClusterTransaction) {
            if !hasAdvanced { transaction.advance() }
            hasAdvanced = true
        }
        for id in state.index.evicting.union(plan.verdicts.keys).sorted() {
            guard var task = state.records.tasks[id] else { continue }
            let eviction = plan.verdicts[id]?.eviction
            guard task.eviction != eviction else { continue }
            task.eviction = eviction
            advanceOnce(&self)
            put(task)
        }
        for id in plan.verdicts.keys.sorted() {
            guard let task = state.records.tasks[id], task.eviction?.due == true, task.slot.owner == .manual,
                isSpared(task)
            else { continue }
            _ = relocate(task) { advanceOnce(&$0) }
        }
        for (name, order) in orders where !order.isDone {
            guard var node = state.records.nodes[name], state.isEmpty(name) else { continue }
            node.drain?.isDone = true
            advanceOnce(&self)
            put(node)
            emit(.nodeDrained, node: name)
        }
    }

    /// Whether all other tasks of the same workload are ready, so that one may be moved.
    private func isSpared(_ task: TaskRecord) -> Bool {
        state.live(task.slot.name, of: task.slot.owner).allSatisfy { other in
            other.id == task.id || other.status.ready && !other.nodeUnknown
        }
    }
}

extension ClusterState {
    /// The orders of all nodes that are being drained.
    var drains: [NodeName: DrainOrder] {
        Dictionary(
            uniqueKeysWithValues: records.nodes.values.compactMap { node in
                node.drain.map { (node.worker.name, $0) }
            })
    }

    /// Whether a node has no task, not even one that was moved and may still run there.
    func isEmpty(_ node: NodeName) -> Bool {
        index.load(of: node).tasks.isEmpty && index.leaving[node] == nil && (strays[node] ?? [:]).isEmpty
    }
}

// MARK: - Looking

extension ClusterState {
    /// Returns what is left to do of the drain of a node, or what a drain would do.
    ///
    /// - Parameter request: the drain to forecast, if the node is not being drained.
    package func drain(of node: NodeRecord, otherwise request: DrainRequest, at moment: DurableInstant) -> NodeDrain {
        let name = node.worker.name
        let order = node.drain ?? DrainOrder(request, at: moment)
        let plan = EvictionPlan(drains.merging([name: order]) { $1 }, in: self)
        let tasks = index.load(of: name).tasks.compactMap { records.tasks[$0] }
            .sorted { ($0.slot, $0.attempt) < ($1.slot, $1.attempt) }
        return NodeDrain(
            node: name, state: node.state, draining: node.drain != nil,
            done: node.drain != nil && isEmpty(name), jobsFrom: order.jobsFrom?.wall,
            tasks: tasks.compactMap { task in
                plan.verdicts[task.id].map { drained(task, $0, at: moment) }
            } + leftovers(of: name), revision: revision)
    }

    private func drained(_ task: TaskRecord, _ verdict: EvictionPlan.Verdict, at moment: DurableInstant) -> DrainedTask
    {
        var drained = DrainedTask(
            id: task.id, owner: task.slot.owner, name: task.slot.name, ordinal: task.slot.ordinal,
            state: task.phase.state, step: .stopping)
        switch verdict {
        case .stopping: break
        case .leaves(let node):
            (drained.step, drained.to) = (.moves, node)
            let cause = holdUp(of: task, at: moment)
            (drained.reason, drained.message) = (cause?.reason, cause?.message)
        case .stays(let cause):
            (drained.step, drained.reason, drained.message) = (.stays, cause.reason, cause.message)
        }
        return drained
    }

    /// Returns the tasks that were moved and may still run on a node.
    private func leftovers(of node: NodeName) -> [DrainedTask] {
        (index.leaving[node] ?? []).compactMap { records.tasks[$0] }
            .sorted { ($0.slot, $0.attempt) < ($1.slot, $1.attempt) }
            .map { task in
                DrainedTask(
                    id: task.id, owner: task.slot.owner, name: task.slot.name, ordinal: task.slot.ordinal,
                    state: .stopping, step: .stopping, to: task.phase.placement?.node)
            }
    }

    /// Returns why nobody replaces a task at present although its eviction is due; `nil` if only the update policy of its workload
    /// decides when.
    private func holdUp(of task: TaskRecord, at moment: DurableInstant) -> PendingCause? {
        guard task.slot.owner != .manual else { return nil }
        let owner = records.owners[task.slot.owner]
        let isSuspended = owner?.directives.contains { $0.verb == .suspend && $0.subject == task.slot.name.rawValue }
        if isSuspended == true {
            return PendingCause(
                reason: .suspended, message: "\(task.slot.name) is suspended; the task moves when it is resumed")
        }
        guard leases[task.slot.owner]?.isLive(at: moment) != true else { return nil }
        return PendingCause(
            reason: .noReconciler,
            message: "no reconciler is running for owner \(task.slot.owner); the task moves when one is")
    }
}
