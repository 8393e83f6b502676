package import CubeErrors
package import CubeTypes
import HashTreeCollections

extension ClusterTransaction {
    /// Accepts a new task of the owner `manual` by its definition alone: its slot, attempt, digests and id follow from the tasks
    /// that there are. One whose definition's `id` is known is answered as it is.
    ///
    /// - Parameter path: where the definition stands in what was asked; empty where it is the whole.
    /// - Throws: `validation_failed`; `conflict` where the `id` is that of another definition; `max_live`.
    package mutating func schedule(
        _ definition: TaskDefinition, at path: String = ""
    ) throws(APIError) -> (task: TaskStatus, created: Bool) {
        let definition = try definition.checked(at: path)
        let (specDigest, settingsDigest) = (definition.specDigest, definition.settingsDigest)
        if let known = try known(by: definition, specDigest, settingsDigest) { return (known.status, false) }
        let proposal = try proposal(definition, specDigest, settingsDigest)
        return (try accept(proposal, for: .manual, maxLive: .max, at: path), true)
    }

    /// A definition as the next task in the first ordinal of its name in which nothing lives.
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

    /// The task that a definition's `id` belongs to already.
    ///
    /// - Throws: `conflict` where that is another definition.
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
    /// The slot of a workload with the lowest ordinal in which no task lives; `nil` where there is none.
    fileprivate func freeSlot(of name: WorkloadName, of owner: OwnerName) -> SlotKey? {
        (0...SlotKey.lastOrdinal).lazy.map { SlotKey(owner: owner, name: name, ordinal: $0) }.first { slot in
            (index.attempts[slot] ?? []).allSatisfy { records.tasks[$0]?.phase.hasEnded ?? true }
        }
    }
}

extension APIError {
    /// The error for the `id` of a definition that is that of another one.
    ///
    /// - Parameter slot: where the task is that has it.
    package static func idTaken(_ id: String, by slot: String, _ task: TaskID) -> APIError {
        APIError(
            .conflict,
            "the id \"\(id)\" belongs to \(slot) (task \(task)), which has another definition; choose another id",
            details: ["task": "\(task)"])
    }

    /// The error for a definition alone in a batch of an owner whose tasks need more than that.
    static func ownerOfDefinition(_ owner: OwnerName) -> APIError {
        .invalid([
            ValidationError(
                field: "owner", value: "\(owner)", message: "must be \(OwnerName.manual) for a definition alone")
        ])
    }

    fileprivate static func tooMany(_ name: WorkloadName, live: Int) -> APIError { .tooMany(name, live: live, live) }
}
