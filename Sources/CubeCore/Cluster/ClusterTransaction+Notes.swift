import CubeErrors
import CubeJSON
import CubeTypes
import HashTreeCollections

extension ClusterTransaction {
    /// Records the notes of an owner's source about the owner's names. A note that is already recorded changes nothing. A note
    /// about a task or a slot that has changed since the source saw it is ignored; the source repeats the note if it still applies.
    mutating func take(_ notes: SourceNotes, of name: OwnerName) {
        // The notes cannot be stored on a full disk. The source repeats them.
        guard !isFull, let owner = state.records.owners[name] else { return }
        let root = notes.root.flatMap { $0 == owner.root ? nil : $0 }
        let tasks = notes.declared.compactMap { declared($0, of: owner) }
        let slots = notes.withdrawn.compactMap { withdrawn($0, of: name) }
        guard root != nil || !tasks.isEmpty || !slots.isEmpty else { return }
        advance()
        for var task in tasks {
            task.declaration?.revision = revision
            noteReturn(of: task.slot.workload)
            put(task)
        }
        for var slot in slots {
            slot.status.withdrawnRevision = revision
            put(slot)
        }
        guard let root, var owner = state.records.owners[name] else { return }
        owner.root = root
        owner.revision = revision
        put(owner)
    }

    /// Returns a task with its new declaration; `nil` if the declaration is already recorded, or if the task belongs to another
    /// owner, is stopping or has ended.
    private func declared(_ declaration: Declaration, of owner: OwnerRecord) -> TaskRecord? {
        guard let old = state.records.tasks[declaration.id], old.slot.owner == owner.name, old.phase.canStop else {
            return nil
        }
        var task = old
        task.source = declaration.source
        task.dependencies = Set(declaration.dependencies).sorted()
        task.declaration = TaskRecord.Declared(
            revision: old.declaration?.revision ?? 0, prune: declaration.prune, minHealthy: declaration.minHealthy)
        let isSame = task == old && old.source.map(ExactText.init) == task.source.map(ExactText.init)
        let isCurrent = old.declaration.map { $0.revision > owner.claimedRevision } ?? false
        return isSame && isCurrent && !owner.window.hasReleased(old.slot.name) ? nil : task
    }

    /// Returns the record of a withdrawn slot; `nil` if the workload has live tasks, or if no task ended in the slot since the last
    /// withdrawal.
    private func withdrawn(_ withdrawn: WithdrawnSlot, of owner: OwnerName) -> SlotRecord? {
        let key = SlotKey(owner: owner, name: withdrawn.name, ordinal: withdrawn.ordinal)
        guard let slot = state.records.slots[key], slot.status.endCounts, state.index.live[key.workload] == nil else {
            return nil
        }
        return slot
    }
}

extension SlotStatus {
    /// Whether the end of the last task still counts, because the source has not withdrawn the name since.
    var endCounts: Bool { endedRevision > withdrawnRevision ?? 0 }
}

extension SourceNotes {
    /// Returns the errors for lists and texts that are too long.
    func problems(at path: String) -> [ValidationError] {
        var problems: [ValidationError] = []
        func limit(_ key: String, _ count: Int, to limit: Int) {
            guard count > limit else { return }
            problems.append(
                ValidationError(field: "\(path).\(key)", value: "\(count)", message: "must be at most \(limit)"))
        }
        limit("declared", declared.count, to: BatchRequest.maximum)
        limit("withdrawn", withdrawn.count, to: BatchRequest.maximum)
        limit("root.mounts", root?.mounts?.count ?? 0, to: TextBounds.mounts)
        let texts =
            declared.prefix(BatchRequest.maximum).enumerated().map { ("declared[\($0)].source", $1.source) }
            + [("root.directory", root?.directory)]
            + (root?.mounts ?? []).prefix(TextBounds.mounts).enumerated().map { ("root.mounts[\($0)]", $1) }
        return problems
            + texts.compactMap { TextBounds.error("\(path).\($0)", $1, limit: TextBounds.address) }
    }
}
