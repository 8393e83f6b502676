/// Which directories are atomic groups, and which of these hold a file that cannot be read: nothing of them may change.
struct GroupIndex: Sendable {
    /// The directories whose `cube.json` says that they are, or cannot be read itself.
    private var atomic: Set<BytePath> = []
    /// The unreadable files below each directory, at any depth.
    private var broken: [BytePath: Set<BytePath>] = [:]
    /// The files that keep a group as it is, sorted; by its directory.
    private(set) var invalid: [BytePath: [BytePath]] = [:]
    /// The directories above files that cannot be read for another reason than before.
    private var retold: Set<BytePath> = []

    /// - Parameters:
    ///   - old: what the file was.
    ///   - new: what it is; `nil` where it is gone.
    mutating func change(_ path: BytePath, from old: FileState?, to new: FileState?) {
        if case .unreadable? = old {
            for directory in path.directories {
                broken[directory]?.remove(path)
                if broken[directory]?.isEmpty == true { broken[directory] = nil }
            }
        }
        if case .unreadable? = new {
            for directory in path.directories { broken[directory, default: []].insert(path) }
            retold.formUnion(path.directories)
        }
        guard ManifestGroup.isFile(path), let directory = path.directories.last else { return }
        switch new {
        case .group(let group): atomic.set(directory, group.atomic)
        case .unreadable: atomic.insert(directory)
        case .readable, nil: atomic.remove(directory)
        }
    }

    /// - Returns: the directories of which something else is to be said now.
    mutating func takeChanges() -> Set<BytePath> {
        defer { retold = [] }
        guard !(atomic.isEmpty && invalid.isEmpty) else { return [] }
        let former = invalid
        invalid = [:]
        for directory in atomic { invalid[directory] = broken[directory]?.sorted() }
        return Set(former.keys).union(invalid.keys).filter { former[$0] != invalid[$0] || retold.contains($0) }
    }

    /// The outermost of the groups that hold a file and may not change.
    func invalidGroup(above path: BytePath) -> KeptReason? {
        guard !invalid.isEmpty else { return nil }
        return path.directories.lazy.compactMap { directory in
            invalid[directory].map { .groupInvalid(directory: directory, files: $0) }
        }.first
    }
}
