import HashTreeCollections
import CubeErrors
package import CubeTypes

/// Commands decided on a copy of the state, one after the other, and what they changed together.
///
/// A command that throws changes nothing, but that the pass of its writer was seen. The caller stores ``changes`` as one transaction, then publishes ``state``, and
/// only then gives the answers; or it drops all of it.
package struct ClusterTransaction: Sendable {
    package internal(set) var state: ClusterState
    package internal(set) var changes = ClusterChanges()
    /// Nodes of which a worker must be told something, or which came or went.
    package private(set) var nodesToWake: Set<NodeName> = []
    /// Now, for whatever time decides.
    let moment: DurableInstant
    /// What the wall clock shows: a label of what happens, which decides nothing.
    var now: Timestamp { moment.wall }
    /// Whether the store takes nothing more now. Then only what ends tasks, and what workers say, is taken in; it is stored once
    /// there is room.
    let isFull: Bool
    /// Whether room was made, or nodes changed, since those that wait were looked at.
    var mayPlacePending = false

    /// The fields of a manifest, which say what of a task may change in place.
    let fields: ManifestFields

    package init(
        _ state: ClusterState, at moment: DurableInstant, isFull: Bool = false, fields: ManifestFields = .standard
    ) {
        self.state = state
        self.fields = fields
        self.moment = moment
        self.isFull = isFull
    }

    /// Places what waits and fits now. Called once after the last command.
    package mutating func finish() { if !isFull { placePending() } }

    /// The tasks that this transaction stops. They must be remembered even if nothing can be stored.
    package func stops(since old: ClusterState) -> [TaskID] {
        changes.tasks.compactMap { id, task in
            guard let task, let before = old.records.tasks[id], !before.phase.hasEnded, !before.phase.isStopping else {
                return nil
            }
            if task.phase.isStopping { return id }
            // One that had no node yet ends at once.
            if case .pending = before.phase, task.phase.hasEnded { return id }
            return nil
        }.sorted()
    }

    /// - Throws: `storage_full` where the store takes nothing more.
    func requireRoom() throws(APIError) {
        if isFull { throw APIError(.storageFull, "the disk with the manager's store is full") }
    }
}

extension ClusterTransaction {
    /// The next revision, for one command; everything that it changes bears it.
    mutating func advance() { count { $0.revision += 1 } }

    var revision: Int { state.records.counters.revision }

    /// The next fence of the whole cluster.
    mutating func nextFence() -> Int {
        count { $0.fence += 1 }
        return state.records.counters.fence
    }

    mutating func count(_ change: (inout ClusterCounters) -> Void) {
        change(&state.records.counters)
        changes.counters = state.records.counters
    }

    /// Stores a task, at the present revision, with its events and what follows for slots, nodes and those that wait.
    @discardableResult
    mutating func put(_ task: TaskRecord) -> TaskRecord {
        var task = task
        task.revision = revision
        if case .ended(var end) = task.phase, end.recorded == nil {
            end.recorded = moment
            task.phase = .ended(end: end)
        }
        let old = state.records.tasks.updateValue(task, forKey: task.id)
        changes.tasks[task.id] = .some(task)
        if let old { state.index.replace(old, by: task) } else { state.index.insert(task) }
        if case .ended(let end) = task.phase, old?.phase.hasEnded != true {
            var slot = slot(task.slot)
            slot.recordEnd(of: task, as: end.outcome, revision: revision)
            put(slot)
        }
        if old?.phase.placement != nil, task.phase.placement == nil { mayPlacePending = true }
        if let node = task.phase.placement?.node, task.dueCall != nil { nodesToWake.insert(node) }
        report(task, after: old)
        return task
    }

    /// Stores a task in another slot than the one that it has.
    mutating func move(_ old: TaskRecord, to new: TaskRecord) -> TaskRecord {
        var new = new
        new.revision = revision
        state.records.tasks[new.id] = new
        state.index.remove(old)
        state.index.insert(new)
        changes.tasks[new.id] = .some(new)
        emit(.taskAdopted, new, message: "from \(old.slot)")
        return new
    }

    mutating func remove(_ task: TaskRecord) {
        state.records.tasks[task.id] = nil
        state.index.remove(task)
        changes.tasks[task.id] = .some(nil)
    }

    func slot(_ key: SlotKey) -> SlotRecord { state.records.slots[key] ?? SlotRecord(slot: key) }

    mutating func put(_ slot: SlotRecord) {
        if state.records.slots.updateValue(slot, forKey: slot.slot) == nil { state.index.insert(slot.slot) }
        changes.slots[slot.slot] = .some(slot)
    }

    mutating func remove(_ slot: SlotKey) {
        state.records.slots[slot] = nil
        state.index.remove(slot)
        changes.slots[slot] = .some(nil)
    }

    /// Stores a node, at the present revision; those that wait are looked at again.
    mutating func put(_ node: NodeRecord) {
        var node = node
        node.revision = revision
        state.records.nodes[node.worker.name] = node
        changes.nodes[node.worker.name] = .some(node)
        nodesToWake.insert(node.worker.name)
        mayPlacePending = true
    }

    mutating func removeNode(_ name: NodeName) {
        state.records.nodes[name] = nil
        state.strays[name] = nil
        changes.nodes[name] = .some(nil)
        nodesToWake.insert(name)
        mayPlacePending = true
    }

    /// Stores an owner; its revision is the caller's to set, as not every change matters to those that watch.
    mutating func put(_ owner: OwnerRecord) {
        state.records.owners[owner.name] = owner
        changes.owners[owner.name] = .some(owner)
    }

    mutating func removeOwner(_ name: OwnerName) {
        state.records.owners[name] = nil
        state.leases[name] = nil
        changes.owners[name] = .some(nil)
    }

    mutating func setStray(_ id: TaskID, placement: Int?, on node: NodeName) {
        guard state.strays[node]?[id] != placement else { return }
        state.strays[node, default: [:]][id] = placement
        nodesToWake.insert(node)
    }
}

// MARK: - Events

extension ClusterTransaction {
    mutating func emit(
        _ kind: EventKind, _ task: TaskRecord, reason: TaskReason? = nil, message: String? = nil
    ) {
        changes.events.append(
            TaskEvent(
                revision: revision, at: now, kind: kind, owner: task.slot.owner, name: task.slot.name,
                ordinal: task.slot.ordinal, task: task.id, node: task.lastPlacement?.node, reason: reason,
                message: message))
    }

    mutating func emit(_ kind: EventKind, node: NodeName) {
        changes.events.append(TaskEvent(revision: revision, at: now, kind: kind, node: node))
    }

    mutating func emit(_ kind: EventKind, owner: OwnerName, message: String?) {
        changes.events.append(TaskEvent(revision: revision, at: now, kind: kind, owner: owner, message: message))
    }

    /// The events of one change of a task: each new state, each run that ended on the way.
    private mutating func report(_ task: TaskRecord, after old: TaskRecord?) {
        let status = task.status
        if let exit = task.report?.exit, exit != old?.report?.exit {
            emit(.runEnded, task, reason: task.report?.reason, message: task.endMessage ?? exit.words)
        }
        let isNewRun = task.phase.state == .running && task.report?.run != old?.report?.run
        if old?.phase.state != task.phase.state || isNewRun {
            // What a program wrote at the end of every run is for its task; the history would be full of it.
            let message = status.state.hasEnded ? status.message : status.headline
            emit(EventKind(rawValue: "task_\(task.phase.state)"), task, reason: status.reason, message: message)
        }
        if let old, old.settingsDigest != task.settingsDigest { emit(.taskUpdated, task) }
    }
}

extension TaskRecord {
    /// Why its last run ended, where the worker says more than how the program did; `nil` where another run goes on.
    fileprivate var endMessage: String? {
        guard let report, let exit = report.exit, report.state == .scheduled || report.state == .failed,
            let cause = report.message?.prefix(while: { $0 != "\n" }), cause != exit.summary
        else { return nil }
        return "\(cause) (\(exit.words))"
    }
}
