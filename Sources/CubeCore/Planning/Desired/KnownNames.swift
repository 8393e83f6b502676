import CubeTypes

/// What the cluster knows of all names, and which names each file last defined.
struct KnownNames: Sendable {
    private(set) var names: [WorkloadName: KnownName] = [:]
    /// The names whose tasks come from a file.
    private(set) var files: [BytePath: Set<WorkloadName>] = [:]
    /// The names that an unreadable file defined when this process read it last. It may have seen that before the manager was
    /// told, so these names are kept too, as long as they live. They say nothing of names that the file may define besides.
    private var hints: [BytePath: Set<WorkloadName>] = [:]

    /// - Returns: the files whose names may be others now.
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

    /// Notes what became of a file.
    ///
    /// - Returns: the other files that keep fewer names now.
    mutating func note(_ path: BytePath, from old: FileState?, to new: FileState?) -> Set<BytePath> {
        switch (old, new) {
        case (.readable(let workloads, _)?, .unreadable?): hints[path] = Set(workloads.map(\.name))
        case (_, .unreadable?): break
        case (_, .readable(let workloads, _)?):
            hints[path] = nil
            // A definition that is read elsewhere is newer.
            let names = Set(workloads.map(\.name))
            let others = Set(hints.filter { !$0.value.isDisjoint(with: names) }.keys)
            for other in others { hints[other]?.subtract(names) }
            return others
        default: hints[path] = nil
        }
        return []
    }

    /// The names that an unreadable file keeps.
    func names(of path: BytePath) -> Set<WorkloadName> {
        let hinted = (hints[path] ?? []).filter { names[$0]?.lives ?? false }
        return (files[path] ?? []).union(hinted)
    }

    /// Whether the owner's source declared a live task in a file: the names of the file are known then.
    func areKnown(of path: BytePath) -> Bool { files[path]?.contains { names[$0]?.isDeclared ?? false } ?? false }
}

extension SourceRoot {
    /// How many mounts are told at most; of more, none is.
    private static let mountLimit = TextBounds.mounts

    init(_ root: RootIdentity, mounts: Set<BytePath>) {
        self.init(
            directory: root.text, mounts: mounts.count > Self.mountLimit ? nil : mounts.sorted().map(\.text))
    }

    /// The directories at which something was mounted, or unmounted, since another look.
    func mountedDifferently(from other: SourceRoot) -> Set<BytePath> {
        guard let mounts, let others = other.mounts else { return [] }
        return Set(Set(mounts).symmetricDifference(others).map(BytePath.init(text:)))
    }
}
