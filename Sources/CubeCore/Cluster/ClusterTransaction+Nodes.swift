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
            var known = node.worker
            known.images = worker.images
            // No task waits for other images.
            let mayHelpPending = node.revision == 0 || known != worker
            known.secrets = worker.secrets
            let isSame = node.revision > 0 && known == worker
            node.worker = worker
            advance()
            // Other images and secrets are no reason to contact the worker anew.
            if !isSame { node.registeredRevision = revision }
            let mayPlaceBefore = mayPlacePending
            put(node)
            if !mayHelpPending { mayPlacePending = mayPlaceBefore }
            moveEndpoints(to: node)
            if !isSame { emit(.nodeRegistered, node: worker.name, message: "at \(worker.url)") }
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

    /// Forgets a node. If the node is silent, its tasks end as stopped. If the node comes back later, its worker is told to stop
    /// them.
    ///
    /// - Throws: `worker_not_found`; `conflict` if the node has tasks and is not silent; `storage_full`.
    package mutating func remove(_ name: NodeName) throws(APIError) {
        let node = try node(name)
        let tasks = state.index.load(of: name).tasks.compactMap { state.records.tasks[$0] }
        let leaving = state.index.leaving[name]?.count ?? 0
        guard tasks.isEmpty && leaving == 0 || node.presence == .silent else {
            throw APIError(
                .conflict,
                "node \(name) is reachable and has \(Count(tasks.count + leaving, "live task")); drain the node first"
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
        for id in state.index.leaving[name] ?? [] { observeGone(id, from: name) }
        removeNode(name)
        emit(.nodeForgotten, node: name)
    }

    /// Gives a node no further tasks until its worker responds, because it has not done so for half of its lease.
    package mutating func doubt(_ name: NodeName) {
        guard let node = state.records.nodes[name] else { return }
        state.overdue.insert(name)
        state.index.set(node, isOverdue: true)
        mayEvict = true
    }

    /// Marks a node as silent, because its worker did not answer for the length of its lease. Tasks whose policy says so are placed on
    /// other nodes; see ``TaskDefinition/onLost``.
    ///
    /// - Throws: `worker_not_found`.
    package mutating func silence(_ name: NodeName) throws(APIError) {
        let node = try node(name)
        if node.presence != .silent { setPresence(.silent, of: node, emitting: .nodeSilent) }
        // A node that has not come back in time is lost.
        if let wait = state.returnWait, wait.hasPassed(at: moment) { endReturnWait() }
    }

    private mutating func endReturnWait() {
        state.returnWait = nil
        mayPlacePending = true
    }

    /// Waits for the other nodes if this one is the first that responds after the manager had lost contact with all. Ends the wait if
    /// this one is the last.
    private mutating func awaitReturns(wasCutOff: Bool) {
        guard state.records.nodes.contains(where: { $0.value.presence == .silent }) else {
            if state.returnWait != nil { endReturnWait() }
            return
        }
        if wasCutOff { state.returnWait = DurableDeadline(state.nodeLease, from: moment) }
    }

    private mutating func setPresence(_ presence: NodeRecord.Presence, of node: NodeRecord, emitting kind: EventKind) {
        var node = node
        let name = node.worker.name
        node.presence = presence
        advance()
        put(node)
        emit(kind, node: name)
        for id in state.index.leaving[name] ?? [] {
            if let task = state.records.tasks[id] { wakeSlot(of: task) }
        }
        for id in state.index.load(of: name).tasks {
            guard var task = state.records.tasks[id], task.nodeUnknown != (presence == .silent) else { continue }
            task.nodeUnknown = presence == .silent
            put(task)
        }
    }

    func node(_ name: NodeName) throws(APIError) -> NodeRecord {
        guard let node = state.records.nodes[name] else {
            throw APIError(.workerNotFound, "node \(name): not found")
        }
        return node
    }
}

// MARK: - Worker reports

extension ClusterTransaction {
    /// Processes a worker's report, which lists either all of its tasks and volumes or the tasks that changed.
    ///
    /// - Returns: The live tasks on the worker that have no record here. The manager leaves them alone.
    /// - Throws: `worker_not_found`.
    package mutating func observe(_ list: WorkerTaskList, from name: NodeName) throws(APIError) -> [TaskID] {
        let node = try node(name)
        let isBack = node.presence != .ready || state.overdue.contains(name)
        // A new node says nothing of the connection to the others.
        let wasCutOff = isBack && node.presence != .joining && !state.hasContact
        if state.overdue.remove(name) != nil {
            state.index.set(node, isOverdue: false)
            (mayPlacePending, mayEvict) = (true, true)
        }
        if node.presence != .ready {
            setPresence(.ready, of: node, emitting: node.presence == .joining ? .nodeJoined : .nodeBack)
        }
        if isBack { awaitReturns(wasCutOff: wasCutOff) }
        var unknown: [TaskID] = []
        for report in list.tasks.lazy.map(\.bounded) {
            guard let task = state.records.tasks[report.id] else {
                if !report.state.hasEnded { unknown.append(report.id) }
                continue
            }
            if let placement = task.phase.placement, placement.node == name, placement.number <= report.placement {
                observe(report, of: task)
            } else {
                if report.state.hasEnded {
                    observeGone(report.id, from: name)
                } else {
                    setStray(report.id, placement: report.placement, on: name)
                }
            }
        }
        if let volumes = list.volumes { observe(volumes, on: name) }
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
        observeData(of: put(task))
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
        observeData(of: put(task))
    }

    private mutating func observeAllMissing(butFor listed: Set<TaskID>, on name: NodeName) {
        for id in state.index.load(of: name).tasks where !listed.contains(id) { observeMissing(id, on: name) }
        for id in Set((state.strays[name] ?? [:]).keys).union(state.index.leaving[name] ?? []).sorted()
        where !listed.contains(id) {
            let task = state.records.tasks[id]
            if let task, task.definition.exclusive, let former = task.leaving.first(where: { $0.node == name }) {
                // A call that assigned it may still be under way. The worker refuses that call after a stop.
                setStray(id, placement: former.number, on: name)
            } else {
                observeGone(id, from: name)
            }
        }
    }

    /// Records that a task does not run on a node any more, on which it has no placement.
    private mutating func observeGone(_ id: TaskID, from name: NodeName) {
        setStray(id, placement: nil, on: name)
        guard var task = state.records.tasks[id], task.leaving.contains(where: { $0.node == name }) else { return }
        task.leaving.removeAll { $0.node == name }
        advance()
        put(task)
        mayEvict = true
        wakeSlot(of: task)
    }

    private mutating func observeMissing(_ id: TaskID, on name: NodeName) {
        observeGone(id, from: name)
        guard var task = state.records.tasks[id], task.phase.placement?.node == name, task.observeMissing() else {
            return
        }
        advance()
        put(task)
    }
}
