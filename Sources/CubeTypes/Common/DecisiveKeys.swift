import CubeErrors

// A value that decides about tasks is an error if it is unreadable, even if the value is optional.

/// Without the cursor, the remaining tasks would count as removed; without the owner, the held changes would be lost; and without
/// the key, the digests would be shown unkeyed, so that weak values could be guessed from them.
extension TaskList.CodingKeys: DecisiveKey {
    var isDecisive: Bool { true }
}

extension TaskChanges.CodingKeys: DecisiveKey {
    var isDecisive: Bool { true }
}

/// A task whose manifest file is unreadable is kept. Without the name of that file, the task could be pruned.
/// Dependents are pruned before what they depend on, and a task that must not be pruned is kept.
extension TaskStatus.CodingKeys: DecisiveKey {
    var isDecisive: Bool { [.source, .dependencies, .prune, .declaredRevision].contains(self) }
}

/// Prunes are held when the manifests come from another directory than before.
extension OwnerStatus.CodingKeys: DecisiveKey {
    var isDecisive: Bool { self == .root }
}

extension SourceRoot.CodingKeys: DecisiveKey {
    var isDecisive: Bool { true }
}

/// The outcome of a slot's last task decides what may be scheduled in the slot.
extension SlotStatus.CodingKeys: DecisiveKey {
    var isDecisive: Bool { true }
}

/// A person approves exactly the changes that are shown.
extension HeldChange.CodingKeys: DecisiveKey {
    var isDecisive: Bool { true }
}

/// A result without its error would look like a success.
extension BatchResult.CodingKeys: DecisiveKey {
    var isDecisive: Bool { true }
}
