import CubeErrors

// What decides over tasks is an error where it cannot be read, also where it may be missing.

/// Without the cursor the rest of the tasks would be taken for gone, without the owner what its guards hold, and without the key
/// digests would be shown that everybody can guess from.
extension TaskList.CodingKeys: DecisiveKey {
    var isDecisive: Bool { true }
}

extension TaskChanges.CodingKeys: DecisiveKey {
    var isDecisive: Bool { true }
}

/// A task whose file cannot be read is kept; without the file's name it would not be.
extension TaskStatus.CodingKeys: DecisiveKey {
    var isDecisive: Bool { self == .source }
}

/// What ended in a slot says what may be started there.
extension SlotStatus.CodingKeys: DecisiveKey {
    var isDecisive: Bool { true }
}

/// A person approves what is told of it.
extension HeldChange.CodingKeys: DecisiveKey {
    var isDecisive: Bool { true }
}

/// An operation without its error would be taken for one that was carried out.
extension BatchResult.CodingKeys: DecisiveKey {
    var isDecisive: Bool { true }
}
