package import CubeErrors
package import CubeTypes
import HashTreeCollections

extension ClusterTransaction {
    /// Schedules a task of the owner `manual` from its definition alone. The slot, attempt, digests and id are derived from the
    /// definition and the existing tasks. If the definition's `id` is known, the existing task is returned unchanged.
    ///
    /// - Parameter path: The path of the definition in the request, for error messages; empty if the definition is the whole body.
    /// - Throws: `validation_failed`; `conflict` if the `id` belongs to another definition; `max_live`; `storage_full`.
    package mutating func schedule(
        _ definition: TaskDefinition, at path: String = ""
    ) throws(APIError) -> (task: TaskStatus, created: Bool) {
        let definition = try definition.checked(at: path, (review, operation))
        let (specDigest, settingsDigest) = (definition.specDigest, definition.settingsDigest)
        if let known = try known(by: definition, specDigest, settingsDigest) { return (known.status, false) }
        let proposal = try proposal(definition, specDigest, settingsDigest)
        return (try accept(proposal, for: .manual, maxLive: .max, at: path), true)
    }

    /// Returns a proposal for the slot with the lowest ordinal in which no task of the workload is live.
    private func proposal(
        _ definition: TaskDefinition, _ specDigest: Digest, _ settingsDigest: Digest
    ) throws(APIError) -> TaskProposal {
        let name = definition.name
        guard let key = state.freeSlot(of: name, of: .manual) else {
            throw .tooMany(name, live: state.index.live[WorkloadKey(owner: .manual, name: name)] ?? 0)
        }
        let attempt = slot(key).status.next
        let id = TaskID.derive(
            cluster: state.cluster, owner: .manual, name: name, ordinal: key.ordinal, attempt: attempt,
            digest: specDigest)
        return TaskProposal(
            id: id, name: name, ordinal: key.ordinal, attempt: attempt, specDigest: specDigest,
            settingsDigest: settingsDigest, definition: definition)
    }

    /// Returns the task that already has the `id` of a definition; `nil` if there is none.
    ///
    /// - Throws: `conflict` if that task has another definition.
    func known(
        by definition: TaskDefinition, _ specDigest: Digest, _ settingsDigest: Digest
    ) throws(APIError) -> TaskRecord? {
        guard let id = definition.id, let key = state.index.keyed[id], let task = state.records.tasks[key] else {
            return nil
        }
        guard task.slot.name == definition.name, task.specDigest == specDigest, task.settingsDigest == settingsDigest
        else { throw .idTaken(id, by: "\(task.slot.name)/\(task.slot.ordinal)", task.id) }
        return task
    }
}

extension ClusterState {
    /// Returns the slot with the lowest ordinal in which no task of the workload is live; `nil` if every slot has a live task.
    fileprivate func freeSlot(of name: WorkloadName, of owner: OwnerName) -> SlotKey? {
        (0...SlotKey.lastOrdinal).lazy.map { SlotKey(owner: owner, name: name, ordinal: $0) }.first { slot in
            (index.attempts[slot] ?? []).allSatisfy { records.tasks[$0]?.phase.hasEnded ?? true }
        }
    }
}

extension APIError {
    /// The error for a definition whose `id` already belongs to another definition.
    ///
    /// - Parameter slot: The slot of the task that has the `id`.
    package static func idTaken(_ id: String, by slot: String, _ task: TaskID) -> APIError {
        APIError(
            .conflict,
            "the id \"\(id)\" belongs to \(slot) (task \(task)), which has a different definition; choose another id",
            details: ["task": "\(task)"])
    }

    /// The error for an operation that consists of a definition alone, in a batch of an owner other than `manual`.
    static func ownerOfDefinition(_ owner: OwnerName) -> APIError {
        .invalid([
            ValidationError(
                field: "owner", value: "\(owner)",
                message: "must be \(OwnerName.manual) if the request is only a definition")
        ])
    }

    fileprivate static func tooMany(_ name: WorkloadName, live: Int) -> APIError { .tooMany(name, live: live, live) }
}
