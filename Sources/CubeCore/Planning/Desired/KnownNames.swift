import CubeTypes

/// What the cluster knows about all names, and the names that each file last defined.
struct KnownNames: Sendable {
    private(set) var names: [WorkloadName: KnownName] = [:]
    /// The names whose tasks come from each file.
    private(set) var files: [BytePath: Set<WorkloadName>] = [:]
    /// The names that an unreadable file defined when this process last read it. The manager may not have received these
    /// definitions, so the file keeps these names too, while they have live tasks. A hint does not make the names of a file
    /// known, because the file may also define other names.
    private var hints: [BytePath: Set<WorkloadName>] = [:]

    /// - Returns: the files whose kept names may have changed.
    mutating func set(_ name: WorkloadName, to new: KnownName?) -> Set<BytePath> {
        let old = names[name]
        names[name] = new
        for path in old?.files ?? [] {
            files[path]?.remove(name)
            if files[path]?.isEmpty == true { files[path] = nil }
        }
        for path in new?.files ?? [] { files[path, default: []].insert(name) }
        let hinting = old?.lives == new?.lives ? [] : hints.filter { $0.value.contains(name) }.keys.map(\.self)
        return (old?.files ?? []).union(new?.files ?? []).union(hinting)
    }

    /// Records the new state of a file.
    ///
    /// - Returns: the other files that now keep fewer names.
    mutating func note(_ path: BytePath, from old: FileState?, to new: FileState?) -> Set<BytePath> {
        switch (old, new) {
        case (.readable(let workloads, _)?, .unreadable?): hints[path] = Set(workloads.map(\.name))
        case (_, .unreadable?): break
        case (_, .readable(let workloads, _)?):
            hints[path] = nil
            // A definition that was read from another file is newer.
            let names = Set(workloads.map(\.name))
            let others = Set(hints.filter { !$0.value.isDisjoint(with: names) }.keys)
            for other in others { hints[other]?.subtract(names) }
            return others
        default: hints[path] = nil
        }
        return []
    }

    /// Returns the names that an unreadable file keeps.
    func names(of path: BytePath) -> Set<WorkloadName> {
        let hinted = (hints[path] ?? []).filter { names[$0]?.lives ?? false }
        return (files[path] ?? []).union(hinted)
    }

    /// Returns whether the names of a file are known, which is the case if the owner's current source declared a live task of one
    /// of them.
    func areKnown(of path: BytePath) -> Bool { files[path]?.contains { names[$0]?.isDeclared ?? false } ?? false }
}

extension SourceRoot {
    /// The maximum number of mounts to report. If there are more, none is reported.
    private static let mountLimit = TextBounds.mounts

    init(_ root: RootIdentity, mounts: Set<BytePath>) {
        self.init(
            directory: root.text, mounts: mounts.count > Self.mountLimit ? nil : mounts.sorted().map(\.text))
    }

    /// Returns the directories where a mount appeared or disappeared between two looks at the root.
    func mountedDifferently(from other: SourceRoot) -> Set<BytePath> {
        guard let mounts, let others = other.mounts else { return [] }
        return Set(Set(mounts).symmetricDifference(others).map(BytePath.init(text:)))
    }
}
