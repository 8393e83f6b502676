/// The directories that are atomic groups, and the groups that contain an unreadable file. No name of such a group may change.
struct GroupIndex: Sendable {
    /// The directories whose `cube.json` declares an atomic group or is itself unreadable.
    private var atomic: Set<BytePath> = []
    /// The unreadable files below each directory, at any depth.
    private var broken: [BytePath: Set<BytePath>] = [:]
    /// The unreadable files that keep a group unchanged, sorted, by the group's directory.
    private(set) var invalid: [BytePath: [BytePath]] = [:]
    /// The directories above files that became unreadable, or whose errors changed, since the last ``takeChanges()``.
    private var retold: Set<BytePath> = []

    /// - Parameters:
    ///   - old: the previous state of the file; `nil` if it was not there.
    ///   - new: the new state of the file; `nil` if it is gone.
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

    /// - Returns: the directories of groups whose invalid files, or the reasons for them, changed since the last call.
    mutating func takeChanges() -> Set<BytePath> {
        defer { retold = [] }
        guard !(atomic.isEmpty && invalid.isEmpty) else { return [] }
        let former = invalid
        invalid = [:]
        for directory in atomic { invalid[directory] = broken[directory]?.sorted() }
        return Set(former.keys).union(invalid.keys).filter { former[$0] != invalid[$0] || retold.contains($0) }
    }

    /// Returns the reason given by the outermost invalid group that contains a file; `nil` if there is none.
    func invalidGroup(above path: BytePath) -> KeptReason? {
        guard !invalid.isEmpty else { return nil }
        return path.directories.lazy.compactMap { directory in
            invalid[directory].map { .groupInvalid(directory: directory, files: $0) }
        }.first
    }
}
