import HashTreeCollections
import CubeErrors
package import CubeTypes

/// A sequence of commands that are applied to a copy of the state, and the changes that they make together.
///
/// A command that throws changes nothing, except that the pass of its writer is recorded. The caller stores ``changes`` as one
/// transaction, then publishes ``state``, and only then sends the responses; or it discards everything.
package struct ClusterTransaction: Sendable {
    package internal(set) var state: ClusterState
    package internal(set) var changes = ClusterChanges()
    /// The nodes for which a worker call may be due, and those that were added, changed or removed.
    package internal(set) var nodesToWake: Set<NodeName> = []
    /// The present moment, for all decisions that depend on time.
    let moment: DurableInstant
    /// The wall-clock time. It only labels records and events; no decision depends on it.
    var now: Timestamp { moment.wall }
    /// Who makes the changes of the current command; `nil` if they follow from time or from the report of a worker.
    package var author: Author?
    /// The errors of the definitions in the current command, as far as they are known already.
    package var review = DefinitionReview()
    /// The position of the current operation in its batch; 0 for any other command.
    var operation = 0
    /// Whether the store currently accepts no writes. The manager then accepts only commands that end tasks, and reports of
    /// workers. It stores their changes when there is space again.
    let isFull: Bool
    /// Whether capacity was freed, or nodes changed, since the pending tasks were last tried.
    var mayPlacePending = false
    /// Whether tasks came, went or changed, or nodes changed, since the evictions were last reviewed.
    var mayEvict = false

    /// The fields of a manifest. They determine what can be changed in a task in place.
    let fields: ManifestFields

    package init(
        _ state: ClusterState, at moment: DurableInstant, isFull: Bool = false, fields: ManifestFields = .standard
    ) {
        self.state = state
        self.fields = fields
        self.moment = moment
        self.isFull = isFull
    }

    /// Places the pending tasks that fit now. The caller calls this once, after the last command.
    package mutating func finish() {
        guard !isFull else { return }
        // A task that is placed may be the one whose network others wait for.
        while mayPlacePending || mayEvict {
            placePending()
            reviewEvictions()
        }
    }

    /// Returns the tasks that this transaction stops. The caller must record them even if nothing else can be stored.
    package func stops(since old: ClusterState) -> [TaskID] {
        changes.tasks.compactMap { id, task in
            guard let task, let before = old.records.tasks[id], !before.phase.hasEnded, !before.phase.isStopping else {
                return nil
            }
            if task.phase.isStopping { return id }
            // A task without a node ends at once.
            if case .pending = before.phase, task.phase.hasEnded { return id }
            return nil
        }.sorted()
    }

    /// - Throws: `storage_full` if the store accepts no writes.
    func requireRoom() throws(APIError) {
        if isFull { throw APIError(.storageFull, "the disk with the manager's store is full") }
    }
}

extension ClusterTransaction {
    /// Advances the revision for one command. All records that the command changes get this revision.
    mutating func advance() { count { $0.revision += 1 } }

    var revision: Int { state.records.counters.revision }

    /// Returns the next fence, which is unique in the cluster.
    mutating func nextFence() -> Int {
        count { $0.fence += 1 }
        return state.records.counters.fence
    }

    mutating func count(_ change: (inout ClusterCounters) -> Void) {
        change(&state.records.counters)
        changes.counters = state.records.counters
    }

    /// Stores a task at the current revision, emits its events, and updates the index, its slot and the nodes to wake.
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
        if (old?.phase.placement == nil) != (task.phase.placement == nil) {
            // A task that leaves a node frees room, and a task that comes to a node may have a network that others wait for.
            mayPlacePending =
                mayPlacePending || task.phase.placement == nil || state.index.awaited[task.slot.workload] != nil
        }
        if old?.phase.state != task.phase.state || old?.phase.placement?.node != task.phase.placement?.node
            || (old?.health == .unready) != (task.health == .unready) || old?.settingsDigest != task.settingsDigest
        {
            mayEvict = true
        }
        if let node = task.phase.placement?.node, task.dueCall != nil { nodesToWake.insert(node) }
        if old?.phase.placement != nil, task.phase.placement == nil { wakeSlot(of: task) }
        report(task, after: old)
        return task
    }

    /// Wakes the nodes of a slot's tasks, which may have waited for another task of the slot to end.
    mutating func wakeSlot(of task: TaskRecord) {
        for id in state.index.attempts[task.slot] ?? [] {
            if let node = state.records.tasks[id]?.phase.placement?.node { nodesToWake.insert(node) }
        }
    }

    /// Moves a task to another slot.
    mutating func move(_ old: TaskRecord, to new: TaskRecord) -> TaskRecord {
        var new = new
        new.revision = revision
        state.records.tasks[new.id] = new
        state.index.remove(old)
        state.index.insert(new)
        changes.tasks[new.id] = .some(new)
        mayEvict = true
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

    /// Stores a node at the current revision, and has the pending tasks tried again.
    mutating func put(_ node: NodeRecord) {
        var node = node
        node.revision = revision
        state.records.nodes[node.worker.name] = node
        state.index.set(node, isOverdue: state.overdue.contains(node.worker.name))
        changes.nodes[node.worker.name] = .some(node)
        nodesToWake.insert(node.worker.name)
        mayPlacePending = true
        mayEvict = true
    }

    mutating func removeNode(_ name: NodeName) {
        state.records.nodes[name] = nil
        state.strays[name] = nil
        state.listed.remove(name)
        state.overdue.remove(name)
        state.index.remove(name)
        changes.nodes[name] = .some(nil)
        nodesToWake.insert(name)
        mayPlacePending = true
        mayEvict = true
    }

    /// Stores an owner. The caller sets the revision of the owner, because not every change matters to watchers.
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
        if let task = state.records.tasks[id] { wakeSlot(of: task) }
        mayEvict = true
    }
}

// MARK: - Events

extension ClusterTransaction {
    mutating func emit(
        _ kind: EventKind, _ task: TaskRecord, reason: TaskReason? = nil, message: String? = nil
    ) {
        append(
            TaskEvent(
                revision: revision, at: now, kind: kind, owner: task.slot.owner, name: task.slot.name,
                ordinal: task.slot.ordinal, task: task.id, node: task.lastPlacement?.node, reason: reason,
                message: message))
    }

    mutating func emit(_ kind: EventKind, node: NodeName, message: String? = nil) {
        append(TaskEvent(revision: revision, at: now, kind: kind, node: node, message: message))
    }

    mutating func emit(_ kind: EventKind, owner: OwnerName, message: String?) {
        append(TaskEvent(revision: revision, at: now, kind: kind, owner: owner, message: message))
    }

    mutating func emit(_ kind: EventKind, _ key: VolumeKey, on node: NodeName) {
        append(
            TaskEvent(
                revision: revision, at: now, kind: kind, owner: key.owner, node: node, message: "volume \(key.name)"))
    }

    mutating func emit(_ kind: EventKind, message: String) {
        append(TaskEvent(revision: revision, at: now, kind: kind, message: message))
    }

    /// Appends an event with the author of the current command.
    private mutating func append(_ event: TaskEvent) {
        var event = event
        event.actor = author?.name
        event.origin = author?.origin
        changes.events.append(event)
    }

    /// Emits the events of one change of a task: its new state, a run that ended or started, and new settings.
    private mutating func report(_ task: TaskRecord, after old: TaskRecord?) {
        if let exit = task.report?.exit, exit != old?.report?.exit {
            emit(.runEnded, task, reason: task.report?.reason, message: task.endMessage ?? exit.words)
        }
        let isNewRun = task.phase.state == .running && task.report?.run != old?.report?.run
        if old?.phase.state != task.phase.state || isNewRun {
            let status = task.status
            // The status of a task shows the last output of its runs. The history omits this output, because it would be too long.
            let message = status.state.hasEnded ? status.message : status.headline
            emit(EventKind(rawValue: "task_\(task.phase.state)"), task, reason: status.reason, message: message)
        }
        if let old, old.settingsDigest != task.settingsDigest { emit(.taskUpdated, task) }
    }
}

extension TaskRecord {
    /// The reason why the last run ended, with the exit of the program; `nil` if the worker reports only the exit, or if the
    /// reported state is neither `scheduled` nor `failed`.
    fileprivate var endMessage: String? {
        guard let report, let exit = report.exit, report.state == .scheduled || report.state == .failed,
            let cause = report.message?.prefix(while: { $0 != "\n" }), cause != exit.summary
        else { return nil }
        return "\(cause) (\(exit.words))"
    }
}
