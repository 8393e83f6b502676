import CubeTypes

/// The root directory of a source: the one that the manager has recorded, and the one that the last complete listing showed.
struct SourceRoots: Sendable {
    var recorded: SourceRoot?
    private(set) var listed: SourceRoot?

    /// A difference between the two roots, which may hide files that still exist.
    enum Change {
        /// The root is another directory.
        case directory
        /// Mounts appeared or disappeared at these directories. The files below them may still exist, hidden by a mount or on the
        /// file system that was mounted before.
        case mounts(Set<BytePath>)

        /// Returns whether the change may hide a file of a name.
        func mayHide(_ known: KnownName) -> Bool {
            switch self {
            case .directory: true
            case .mounts(let directories): known.files.contains { !directories.isDisjoint(with: $0.directories) }
            }
        }
    }

    /// Records the root that a look at the whole source showed.
    mutating func update(_ snapshot: ManifestSnapshot) {
        if snapshot.isComplete, let root = snapshot.root { listed = SourceRoot(root, mounts: snapshot.mounts) }
    }

    /// The change from the recorded to the listed root; `nil` if there is none, or if either root is not known.
    var change: Change? {
        guard let recorded, let listed, recorded != listed else { return nil }
        guard recorded.directory == listed.directory else { return .directory }
        guard let old = recorded.mounts, let new = listed.mounts else { return nil }
        let changed = Set(old).symmetricDifference(new)
        return changed.isEmpty ? nil : .mounts(Set(changed.map(BytePath.init(text:))))
    }
}

extension SourceRoot {
    /// Creates a root without its mounts if there are more than the manager stores, or one of their paths is too long.
    fileprivate init(_ root: RootIdentity, mounts: Set<BytePath>) {
        let isStorable = mounts.count <= TextBounds.mounts && !mounts.contains(where: \.isTooLong)
        self.init(directory: root.text, mounts: isStorable ? mounts.sorted().map(\.text) : nil)
    }
}
