import CubeTypes

/// What the cluster knows about all names, and what this process last read of them.
struct KnownNames: Sendable {
    /// What the cluster knows about each name.
    private(set) var names: [WorkloadName: KnownName] = [:]
    /// The names whose tasks come from each file.
    private(set) var files: [BytePath: Set<WorkloadName>] = [:]
    /// The names that an unreadable file defined when this process last read it. The manager may not have received these
    /// definitions, so the file keeps these names too, while they have live tasks. A hint does not make the names of a file
    /// known, because the file may also define other names.
    private var hints: [BytePath: Set<WorkloadName>] = [:]
    /// The last readable definition of each name. If the definition disappears, the manager may not have received it yet.
    private var definitions: [WorkloadName: LastDefinition] = [:]

    /// The part of a definition that is remembered until the name's tasks are gone.
    private struct LastDefinition {
        let prune: Bool
        /// `nil` if the definition was not in effect when it disappeared.
        var dependencies: [WorkloadName]?
    }

    // MARK: Names

    /// Returns the dependencies of a name according to its last definition or, if this process never read one that was in effect,
    /// according to its tasks.
    func dependencies(of name: WorkloadName) -> [WorkloadName] {
        definitions[name]?.dependencies ?? names[name]?.dependencies ?? []
    }

    /// Returns whether both the last definition and the manager permit that the tasks of a name are stopped when its manifest
    /// disappears.
    func mayPrune(_ name: WorkloadName) -> Bool {
        definitions[name]?.prune ?? true && names[name]?.mayPrune ?? false
    }

    /// Records a definition of a name that this process read.
    mutating func note(_ workload: Workload) {
        definitions[workload.name] = LastDefinition(
            prune: workload.steering.prune, dependencies: workload.dependencies)
    }

    /// Forgets the dependencies in the last definition of a name.
    mutating func forgetDependencies(of name: WorkloadName) { definitions[name]?.dependencies = nil }

    /// Forgets the last definition of a name.
    mutating func forgetDefinition(of name: WorkloadName) { definitions[name] = nil }

    /// Sets what the cluster knows about a name; `nil` if it knows nothing.
    ///
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

    // MARK: Files

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

    /// Returns the names whose tasks come from files below the given directories, at any depth.
    func names(below directories: Set<BytePath>) -> Set<WorkloadName> {
        files.filter { !directories.isDisjoint(with: $0.key.directories) }.reduce(into: []) { $0.formUnion($1.value) }
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
