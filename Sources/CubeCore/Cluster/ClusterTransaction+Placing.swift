import DequeModule
import HashTreeCollections
import HeapModule
import CubeTypes

extension ClusterTransaction {
    /// Places a task on a node, or records in the task why no node fits. The caller stores the task.
    mutating func place(_ task: inout TaskRecord) {
        let candidates = state.records.nodes.values.filter(\.takesTasks).map { node in
            let load = state.index.load(of: node.worker.name)
            return Candidate(
                name: node.worker.name, runtimes: node.worker.runtimes, labels: node.worker.labels,
                capacity: node.worker.capacity, reserved: load.reserved, ports: load.ports,
                tasks: load.tasks.count,
                siblings: load.workloads[task.slot.workload] ?? 0)
        }
        let scheduler = Scheduler(policy: state.policy, lastPicked: state.records.counters.lastPicked)
        switch scheduler.decide(Demand(task.definition), among: candidates, besides: unavailableNodes) {
        case .node(let node):
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

    private var unavailableNodes: [UnavailableNode] {
        state.records.nodes.values.filter { !$0.takesTasks }.map { node in
            UnavailableNode(
                name: node.worker.name, runtimes: node.worker.runtimes, labels: node.worker.labels, state: node.state)
        }
    }

    /// Places the pending tasks that fit now, oldest first. If a task does not fit, no other task with the same demand fits either.
    /// The cost therefore depends on the number of placed tasks and of demands, not on the number of pending tasks.
    mutating func placePending() {
        guard mayPlacePending else { return }
        mayPlacePending = false
        var isFirst = true
        var queues = Heap(state.index.pending.map { PendingQueue(demand: $0.key, oldest: $0.value[0]) })
        while let queue = queues.popMin() {
            guard var task = state.records.tasks[queue.oldest.id] else { continue }
            let before = task.phase
            place(&task)
            guard task.phase != before else { continue }
            if isFirst { advance() }
            isFirst = false
            put(task)
            if case .pending(let cause) = task.phase {
                explain(cause, to: queue.demand)
            } else if let next = state.index.pending[queue.demand]?.first {
                queues.insert(PendingQueue(demand: queue.demand, oldest: next))
            }
        }
    }

    /// Records a reason for waiting in all pending tasks with the same demand.
    private mutating func explain(_ cause: PendingCause, to demand: Demand) {
        for entry in state.index.pending[demand] ?? [] {
            guard var task = state.records.tasks[entry.id], task.phase != .pending(cause: cause) else { continue }
            task.phase = .pending(cause: cause)
            put(task)
        }
    }
}

/// The queue of pending tasks with the same demand. Queues are sorted by their oldest task.
private struct PendingQueue: Comparable {
    let demand: Demand
    let oldest: ClusterIndex.PendingTask

    static func < (left: PendingQueue, right: PendingQueue) -> Bool { left.oldest < right.oldest }
}
