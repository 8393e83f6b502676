package import CubeErrors
package import CubeTypes
import HashTreeCollections

// MARK: - The fleet

extension ClusterTransaction {
    /// Registers a worker, or updates its registration. The node gets tasks only after the worker has listed its tasks.
    ///
    /// - Throws: `foreign_cluster`; `validation_failed` if a text or a list is too long; `storage_full`.
    package mutating func register(_ worker: WorkerInfo) throws(APIError) -> WorkerWelcome {
        if let cluster = worker.cluster, cluster != state.cluster {
            throw APIError(
                .foreignCluster,
                "worker \(worker.name) belongs to cluster \(cluster), not to \(state.cluster); it can join after it "
                    + "has left its cluster", details: ["cluster": "\(cluster)"])
        }
        let problems = worker.problems
        if !problems.isEmpty { throw .invalid(problems) }
        var node = state.records.nodes[worker.name] ?? NodeRecord(worker: worker, revision: 0)
        var worker = worker
        worker.cluster = state.cluster
        if node.revision == 0 || node.worker != worker {
            try requireRoom()
            node.worker = worker
            advance()
            node.registeredRevision = revision
            put(node)
            moveEndpoints(to: node)
        }
        return WorkerWelcome(cluster: state.cluster, term: state.term)
    }

    /// Updates the host in the placements of a node's tasks after the address of the node changed.
    private mutating func moveEndpoints(to node: NodeRecord) {
        for id in state.index.load(of: node.worker.name).tasks {
            guard var task = state.records.tasks[id], var placement = task.phase.placement,
                placement.host != node.host
            else { continue }
            placement.host = node.host
            task.phase = task.phase.with(placement)
            put(task)
        }
    }

    /// Starts or ends the draining of a node. A draining node gets no new tasks and keeps its existing tasks.
    ///
    /// - Throws: `worker_not_found`.
    package mutating func drain(_ name: NodeName, _ isDraining: Bool) throws(APIError) {
        var node = try node(name)
        guard node.isDraining != isDraining else { return }
        try requireRoom()
        node.isDraining = isDraining
        advance()
        put(node)
        emit(isDraining ? .nodeDraining : .nodeUndrained, node: name)
    }

    /// Forgets a node. If the node is silent, its tasks end as stopped. If the node comes back later, its worker is told to stop
    /// them.
    ///
    /// - Throws: `worker_not_found`; `conflict` if the node has tasks and is not silent; `storage_full`.
    package mutating func remove(_ name: NodeName) throws(APIError) {
        let node = try node(name)
        let tasks = state.index.load(of: name).tasks.compactMap { state.records.tasks[$0] }
        guard tasks.isEmpty || node.presence == .silent else {
            throw APIError(
                .conflict,
                "node \(name) is reachable and has \(Count(tasks.count, "live task")); drain the node and stop its tasks first"
            )
        }
        try requireRoom()
        advance()
        for var task in tasks.sorted(by: { $0.createdRevision < $1.createdRevision }) {
            let end = TaskEnd(
                outcome: .stopped, reason: .nodeForgotten, message: "node \(name) was forgotten", at: now,
                placement: task.phase.placement)
            try task.phase.follow(to: .ended(end: end))
            task.nodeUnknown = false
            task.health = .unready
            put(task)
        }
        removeNode(name)
    }

    /// Marks a node as silent, because its worker did not answer for the length of its lease. No task is moved.
    ///
    /// - Throws: `worker_not_found`.
    package mutating func silence(_ name: NodeName) throws(APIError) {
        let node = try node(name)
        if node.presence != .silent { setPresence(.silent, of: node, emitting: .nodeSilent) }
    }

    private mutating func setPresence(_ presence: NodeRecord.Presence, of node: NodeRecord, emitting kind: EventKind) {
        var node = node
        let name = node.worker.name
        node.presence = presence
        advance()
        put(node)
        emit(kind, node: name)
        for id in state.index.load(of: name).tasks {
            guard var task = state.records.tasks[id], task.nodeUnknown != (presence == .silent) else { continue }
            task.nodeUnknown = presence == .silent
            put(task)
        }
    }

    private func node(_ name: NodeName) throws(APIError) -> NodeRecord {
        guard let node = state.records.nodes[name] else {
            throw APIError(.workerNotFound, "node \(name): not found")
        }
        return node
    }
}

// MARK: - Worker reports

extension ClusterTransaction {
    /// Processes a worker's report, which lists either all of its tasks or those that changed.
    ///
    /// - Returns: The live tasks on the worker that have no record here. The manager leaves them alone.
    /// - Throws: `worker_not_found`.
    package mutating func observe(_ list: WorkerTaskList, from name: NodeName) throws(APIError) -> [TaskID] {
        let node = try node(name)
        if node.presence != .ready {
            setPresence(.ready, of: node, emitting: node.presence == .joining ? .nodeJoined : .nodeBack)
        }
        var unknown: [TaskID] = []
        for report in list.tasks.lazy.map(\.bounded) {
            guard let task = state.records.tasks[report.id] else {
                if !report.state.hasEnded { unknown.append(report.id) }
                continue
            }
            if let placement = task.phase.placement, placement.node == name, placement.number <= report.placement {
                observe(report, of: task)
            } else {
                setStray(report.id, placement: report.state.hasEnded ? nil : report.placement, on: name)
            }
        }
        for id in list.removed { observeMissing(id, on: name) }
        if list.complete { observeAllMissing(butFor: Set(list.tasks.map(\.id)), on: name) }
        return unknown
    }

    /// Processes a worker's response to a call about one of its tasks.
    package mutating func observeAnswer(_ report: WorkerTask, from name: NodeName) {
        guard var task = state.records.tasks[report.id], task.phase.placement?.node == name,
            // A response that contradicts the record is outdated. The worker's next list corrects the record.
            let isNew = try? task.observeAnswer(report.bounded, at: moment), isNew
        else { return }
        advance()
        put(task)
    }

    /// Ends a task as failed, because its worker permanently refused the placement.
    package mutating func observeRefusal(_ id: TaskID, placement number: Int, on name: NodeName, message: String) {
        guard var task = state.records.tasks[id], case .scheduled(let placement) = task.phase, placement.node == name,
            placement.number == number, placement.report == nil
        else { return }
        let end = TaskEnd(
            outcome: .failed, reason: .rejectedByNode, message: message.shortened(to: TextBounds.message), at: now,
            placement: placement)
        task.phase = .ended(end: end)
        advance()
        put(task)
    }

    private mutating func observe(_ report: WorkerTask, of task: TaskRecord) {
        var task = task
        task.observeLostPlacement(report.placement)
        // A report that contradicts the record is outdated. The worker's next report corrects the record.
        guard let isNew = try? task.observe(report, at: moment), isNew else { return }
        advance()
        put(task)
    }

    private mutating func observeAllMissing(butFor listed: Set<TaskID>, on name: NodeName) {
        for id in state.index.load(of: name).tasks where !listed.contains(id) { observeMissing(id, on: name) }
        for id in (state.strays[name] ?? [:]).keys where !listed.contains(id) {
            setStray(id, placement: nil, on: name)
        }
    }

    private mutating func observeMissing(_ id: TaskID, on name: NodeName) {
        setStray(id, placement: nil, on: name)
        guard var task = state.records.tasks[id], task.phase.placement?.node == name, task.observeMissing() else {
            return
        }
        advance()
        put(task)
    }
}
