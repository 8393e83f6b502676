package import CubeErrors
package import CubeTypes
import HashTreeCollections

extension ClusterTransaction {
    /// Moves a live task to another owner, as the next attempt of a slot without a live task. The running process is not affected.
    ///
    /// The task keeps its id. It uses up an attempt of the new slot, so that no other task of the slot ever gets the same attempt
    /// number, and so that the manager refuses requests that the new owner's reconciler based on an older view. If the task already
    /// belongs to the new owner, nothing changes.
    ///
    /// - Throws: `task_not_found`, `owner_not_found`; `lease_held` if a reconciler holds the lease of the present owner; `conflict`
    ///   if the task is stopping, has ended or has named volumes; `max_live`; `storage_full`.
    package mutating func adopt(_ id: TaskID, _ request: AdoptRequest) throws(APIError) -> TaskStatus {
        guard let task = state.records.tasks[id] else { throw .unknown(id) }
        let owner = request.owner
        guard task.slot.owner != owner else { return task.status }
        try requireRoom()
        guard state.records.owners[owner] != nil else {
            throw APIError(
                .ownerNotFound, "owner \(owner) is unknown, so no reconciler would manage the task")
        }
        try requireNobody(reconciles: task.slot.owner)
        switch task.phase {
        case .pending, .scheduled, .running: break
        case .stopping, .ended:
            throw APIError(.conflict, "task \(id) is \(task.phase.state), so it cannot be adopted")
        }
        if let volume = task.volumes.first {
            throw APIError(
                .conflict,
                "task \(id) uses volume \(volume.name) of owner \(volume.owner); its successors would start with an empty "
                    + "volume of owner \(owner)")
        }
        try requireOwnNetwork(task)
        let live = state.live(task.slot.name, of: owner)
        guard live.count < request.maxLive else { throw .tooMany(task.slot.name, live: live.count, request.maxLive) }
        advance()
        let taken = Set(live.map(\.slot.ordinal))
        var slot = slot(
            SlotKey(
                owner: owner, name: task.slot.name,
                ordinal: taken.contains(task.slot.ordinal) ? (0...).first { !taken.contains($0) }! : task.slot.ordinal))
        let adopted = TaskRecord(task, in: slot.slot, attempt: slot.status.next)
        slot.status.next += 1
        if adopted.health == .proven { slot.recordHealth(of: adopted) }
        put(slot)
        // A prune that was accepted before does not cover the adopted task, which no source of this owner declared.
        noteReturn(of: slot.slot.workload)
        return move(task, to: adopted).status
    }

    private func requireNobody(reconciles owner: OwnerName) throws(APIError) {
        guard let grant = state.records.owners[owner]?.grant, let lease = state.leases[owner], lease.isLive(at: moment)
        else { return }
        throw APIError(
            .leaseHeld,
            "owner \(owner): \(grant.holder) manages its tasks and holds its lease until \(lease.expiresAt)")
    }

    /// - Throws: `conflict` if a task shares a network by the names of its owner. The worker knows the task by its former owner.
    private func requireOwnNetwork(_ task: TaskRecord) throws(APIError) {
        let isUsed = state.records.tasks.values.contains { other in
            !other.phase.hasEnded && other.slot.owner == task.slot.owner
                && other.definition.network.of == task.slot.name
        }
        guard isUsed || task.definition.network.of != nil || !task.definition.network.join.isEmpty else { return }
        throw APIError(
            .conflict,
            "task \(task.id) shares a network with other tasks of owner \(task.slot.owner), which its successors would not join"
        )
    }
}

extension TaskRecord {
    /// Creates the record of the same task in another slot.
    fileprivate init(_ task: TaskRecord, in slot: SlotKey, attempt: Int) {
        self.init(
            id: task.id, slot: slot, attempt: attempt, specDigest: task.specDigest,
            settingsDigest: task.settingsDigest, source: task.source, definition: task.definition,
            dependencies: task.dependencies, phase: task.phase,
            createdAt: task.createdAt, createdRevision: task.createdRevision, revision: task.revision)
        (placements, health, nodeUnknown) = (task.placements, task.health, task.nodeUnknown)
        (eviction, leaving) = (task.eviction, task.leaving)
    }
}
