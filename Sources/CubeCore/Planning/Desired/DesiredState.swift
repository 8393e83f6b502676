package import CubeJSON
package import CubeTypes

/// The declarations of the manifests, by name. Snapshots keep them up to date.
///
/// Unreadable does not mean absent. A file with an error keeps the names that it last defined, a directory that could not be
/// listed keeps all names of its files, and a name counts as gone only with an ``AbsenceProof``. The names that a file last
/// defined are known from their tasks; see ``KnownName``.
package struct DesiredState: Sendable {
    /// The names that are declared, or kept because their declarations are unknown. Any other name is absent.
    package private(set) var workloads: [WorkloadName: DesiredWorkload] = [:]
    package private(set) var source: SourceRevision?
    /// Directories that could not be listed, and other problems that belong to no file.
    package private(set) var problems: [Diagnostic] = []
    /// The warnings of the last complete look at the source, for example about ignored files.
    package private(set) var warnings: [Diagnostic] = []
    /// The unreadable files, which could not be read or are invalid.
    package private(set) var unreadable: [BytePath: [Diagnostic]] = [:]
    /// Names whose definitions are readable but invalid: declared twice, or with an unresolved dependency.
    package private(set) var disputed: Set<WorkloadName> = []
    private(set) var graph = DependencyGraph()
    /// What the cluster knows about each name.
    private(set) var known = KnownNames()
    /// The root directory that the manager has recorded for the source.
    package var knownRoot: SourceRoot?

    private let limit: Int
    private var proof: AbsenceProof
    private var groups = GroupIndex()
    /// The names whose files disappeared from a group that must not change.
    private var withheld: [WorkloadName: KeptReason] = [:]
    private var files: [BytePath: FileState] = [:]
    private var total = 0
    /// The root directory of the last complete listing.
    private var seenRoot: SourceRoot?
    /// Whether the last listing of the whole source could list every directory.
    private var isComplete = true
    /// The files that define a name, and the position of the name's workload in each file.
    private var definitions: [WorkloadName: [BytePath: Int]] = [:]
    /// The unreadable files that keep each name.
    private var remembered: [WorkloadName: Set<BytePath>] = [:]
    private var keptBy: [BytePath: Set<WorkloadName>] = [:]
    /// The unreadable files whose names are not known.
    private var unknown: Set<BytePath> = []
    /// The last readable definition of each name. If the definition disappears, the manager may not have received it yet.
    private var lastRead: [WorkloadName: LastDefinition] = [:]
    private var elements = DigestElements()

    /// The maximum number of workloads that a source may declare.
    package static let maximumWorkloads = 1_000_000

    package init(oneShot: Bool = false, limit: Int = maximumWorkloads) {
        self.limit = limit
        proof = AbsenceProof(oneShot: oneShot)
    }

    /// The digest of all declarations.
    package var digest: Digest { elements.digest }

    /// Returns the part of ``digest`` that a name contributes; `nil` if the name is not declared.
    func element(of name: WorkloadName) -> SetDigest? { elements[name] }

    /// Whether the whole source was looked at.
    package var isKnown: Bool { source != nil }

    /// Returns whether names that are not declared are proved to be gone.
    package func absence(at now: Timestamp) -> AbsenceProof.Verdict {
        unknown.isEmpty ? proof.verdict(at: now) : .unproved(.sourceUnreadable)
    }

    /// The time at which to list the source again if a name waits for the proof of its absence.
    package var lookAgain: Timestamp? { proof.lookAgain }

    /// Returns the problems with the manifests of a name.
    package func diagnostics(of name: WorkloadName) -> [Diagnostic] {
        switch workloads[name] {
        case .readable?, nil: []
        case .kept(.unreadable(let files))?, .kept(.groupInvalid(_, let files))?: files.flatMap { unreadable[$0] ?? [] }
        case .kept(.disputed(let places))?:
            places.dropFirst().map { .duplicateName(name, at: $0, first: places[0]) }
        case .kept(.unresolvedDependency(let diagnostics))?: diagnostics
        }
    }

    // MARK: Snapshots

    /// - Returns: the names that changed in any way.
    package mutating func apply(_ snapshot: ManifestSnapshot) -> Set<WorkloadName> {
        guard count(after: snapshot) <= limit else {
            let summary = "more than \(limit.grouped) manifests: none of what changed was taken in"
            problems = [Diagnostic(reason: .tooMany, summary: summary, range: SourceRange(filename: "."))]
            proof.changed()
            return []
        }
        var touched: Set<WorkloadName> = []
        var differs = false
        for (path, state) in snapshot.files where !(files[path].map { $0.isSame(as: state) } ?? false) {
            differs = true
            set(path, to: state, touched: &touched)
        }
        if snapshot.isPartial {
            regroup(&touched)
            if differs { proof.changed() }
        } else {
            isComplete = snapshot.isComplete
            // A file that cannot be seen may be known only from its tasks.
            let expected = isComplete ? Set(files.keys) : Set(files.keys).union(known.files.keys)
            for path in expected where snapshot.files[path] == nil {
                differs = leave(path, isGone: snapshot.isComplete, touched: &touched) || differs
            }
            problems = snapshot.problems
            warnings = snapshot.warnings
            regroup(&touched)
            proof.listed(snapshot, differs: differs)
            if isComplete, let root = snapshot.root { seenRoot = SourceRoot(root, mounts: snapshot.mounts) }
        }
        // A partial snapshot does not make the source known before the first look at the whole source.
        if source != nil || !snapshot.isPartial { source = snapshot.source }
        resolve(&touched)
        return touched
    }

    /// Updates the names that groups keep unchanged, including names whose files disappeared from a group.
    private mutating func regroup(_ touched: inout Set<WorkloadName>) {
        let changed = groups.takeChanges()
        guard !changed.isEmpty || !groups.invalid.isEmpty || !withheld.isEmpty else { return }
        touched.formUnion(withheld.keys)
        if !changed.isEmpty {
            for case (let path, .readable(let workloads, _)) in files where !changed.isDisjoint(with: path.directories)
            {
                touched.formUnion(workloads.map(\.name))
            }
            for (path, names) in known.files where !changed.isDisjoint(with: path.directories) {
                touched.formUnion(names)
            }
        }
        withheld = groups.invalid.isEmpty ? [:] : known.names.compactMapValues(withholding)
        touched.formUnion(withheld.keys)
    }

    /// Returns why a name is kept although its files are gone: one of the files belonged to a group that must not change.
    private func withholding(_ name: KnownName) -> KeptReason? {
        name.files.sorted().lazy.filter { files[$0] == nil }.compactMap(groups.invalidGroup).first
    }

    /// Resolves the touched names, the dependents of names that appear or disappear, and the names whose cycles changed.
    private mutating func resolve(_ touched: inout Set<WorkloadName>) {
        for name in touched where isDeclared(name) != (workloads[name] != nil) {
            touched.formUnion(graph.dependents[name] ?? [])
        }
        touched.formUnion(graph.takeChanges())
        for name in touched { resolve(name) }
    }

    private func isDeclared(_ name: WorkloadName) -> Bool {
        definitions[name] != nil || remembered[name] != nil || withheld[name] != nil
    }

    private func count(after snapshot: ManifestSnapshot) -> Int {
        let new = snapshot.files.values.reduce(0) { $0 + $1.count }
        guard snapshot.isPartial else { return new }
        return total + new - snapshot.files.keys.reduce(0) { $0 + (files[$1]?.count ?? 0) }
    }

    /// Handles a file that a listing of the whole source does not show: the file is gone, or its directory could not be listed.
    private mutating func leave(_ path: BytePath, isGone: Bool, touched: inout Set<WorkloadName>) -> Bool {
        if isGone {
            guard files[path] != nil else { return false }
            set(path, to: nil, touched: &touched)
            return true
        }
        let notListed = Diagnostic(
            reason: .unreadable, summary: "its directory could not be listed", range: SourceRange(filename: path.text))
        let state = FileState.unreadable([notListed])
        guard files[path] != state else { return false }
        set(path, to: state, touched: &touched)
        return true
    }

    private mutating func set(_ path: BytePath, to state: FileState?, touched: inout Set<WorkloadName>) {
        let old = files[path]
        groups.change(path, from: old, to: state)
        files[path] = state
        total += (state?.count ?? 0) - (old?.count ?? 0)
        if case .readable(let workloads, _)? = old {
            for workload in workloads {
                definitions[workload.name]?[path] = nil
                if definitions[workload.name]?.isEmpty == true { definitions[workload.name] = nil }
            }
        }
        if case .readable(let workloads, _)? = state {
            for (place, workload) in workloads.enumerated() { definitions[workload.name, default: [:]][path] = place }
        }
        for workload in (old?.workloads ?? []) + (state?.workloads ?? []) {
            if let first = first(of: workload.name) { lastRead[workload.name] = LastDefinition(first) }
            touched.formUnion(graph.set(workload.name, to: dependencies(of: workload.name)))
            touched.insert(workload.name)
        }
        if case .unreadable(let diagnostics)? = state { unreadable[path] = diagnostics } else { unreadable[path] = nil }
        for other in known.note(path, from: old, to: state) { keep(other, touched: &touched) }
        if keptBy[path] != nil || unreadable[path] != nil || unknown.contains(path) { keep(path, touched: &touched) }
    }

    /// Returns the first definition of a name in the order of files, even if there are several.
    private func first(of name: WorkloadName) -> Workload? { readable(name).min { $0.file < $1.file } }

    /// Returns the dependencies of a name according to its last definition or, if this process never read one, according to its
    /// tasks.
    private func dependencies(of name: WorkloadName) -> [WorkloadName] {
        lastRead[name]?.dependencies ?? known.names[name]?.dependencies ?? []
    }

    /// Returns whether both the last known definition and the manager permit that the tasks of a name are stopped when its
    /// manifest disappears.
    func mayPrune(_ name: WorkloadName) -> Bool {
        lastRead[name]?.prune ?? true && known.names[name]?.mayPrune ?? false
    }

    /// Updates the names that an unreadable file keeps, and whether these names are known.
    private mutating func keep(_ path: BytePath, touched: inout Set<WorkloadName>) {
        let isUnreadable = unreadable[path] != nil
        let (old, new) = (keptBy[path] ?? [], isUnreadable ? known.names(of: path) : [])
        keptBy[path] = new.isEmpty ? nil : new
        for name in old.subtracting(new) {
            remembered[name]?.remove(path)
            if remembered[name]?.isEmpty == true { remembered[name] = nil }
        }
        for name in new.subtracting(old) { remembered[name, default: []].insert(path) }
        touched.formUnion(old.symmetricDifference(new))
        // Names that the file keeps already are touched too, because the problem with the file may have changed.
        touched.formUnion(new)
        unknown.set(path, isUnreadable && !ManifestGroup.isFile(path) && !known.areKnown(of: path))
    }

    /// Resolves a name. A readable definition takes precedence over a remembered one; several readable definitions are a
    /// conflict.
    private mutating func resolve(_ name: WorkloadName) {
        let readable = readable(name)
        var workload: DesiredWorkload?
        if readable.count == 1, let only = readable.first {
            let problems = graph.problems(with: only, isDeclared: isDeclared)
            workload =
                groups.invalidGroup(above: only.file).map { .kept($0) }
                ?? (problems.isEmpty ? .readable(only) : .kept(.unresolvedDependency(problems)))
        } else if readable.count > 1 {
            workload = .kept(
                .disputed(places: readable.map(\.range).sorted { ExactText($0.filename) < ExactText($1.filename) }))
        } else if let files = remembered[name] {
            workload = .kept(.unreadable(files: files.sorted()))
        } else if let reason = withheld[name] {
            workload = .kept(reason)
        }
        workloads[name] = workload
        disputed.set(name, workload?.isDisputed ?? false)
        elements.set(name, to: workload.map { SetDigest(of: $0.element(name)) })
    }

    /// Returns the definitions of a name in readable files.
    private func readable(_ name: WorkloadName) -> [Workload] {
        (definitions[name] ?? [:]).compactMap { path, place in
            guard case .readable(let workloads, _)? = files[path] else { return nil }
            return workloads[place]
        }
    }

    // MARK: Knowledge of the cluster

    /// Updates what the cluster knows about names; `nil` means that it knows nothing about a name.
    ///
    /// - Returns: the names that changed in any way.
    package mutating func know(_ names: some Sequence<(WorkloadName, KnownName?)>) -> Set<WorkloadName> {
        var touched: Set<WorkloadName> = []
        for (name, new) in names {
            let old = known.names[name]
            guard old != new else { continue }
            touched.insert(name)
            for path in known.set(name, to: new) where unreadable[path] != nil { keep(path, touched: &touched) }
            if !isComplete {
                for path in new?.files ?? [] where files[path] == nil {
                    _ = leave(path, isGone: false, touched: &touched)
                }
            }
            if new?.lives != true, definitions[name] == nil { lastRead[name] = nil }
            if !groups.invalid.isEmpty { withheld[name] = new.flatMap(withholding) }
            touched.formUnion(graph.set(name, to: dependencies(of: name)))
        }
        resolve(&touched)
        return touched
    }

    /// Treats every readable declaration as running, so that a file that later becomes unreadable keeps the names that it
    /// defined.
    package mutating func assumeAllRun() {
        let running = workloads.compactMap { name, workload -> (WorkloadName, KnownName?)? in
            guard case .readable(let declared) = workload else { return nil }
            return (name, KnownName(files: [declared.file], lives: true))
        }
        _ = know(running)
    }

    // MARK: The root

    /// Whether the root may have been replaced: it is another directory than the recorded one, or a mount below it appeared or
    /// disappeared, and some live names were not seen since.
    package var isRootReplaced: Bool { seenRoot.map { !isTaken($0) } ?? false }

    /// The root that the manager must record; `nil` if it is recorded already or is not accepted as the source's root.
    package var newRoot: SourceRoot? { seenRoot.flatMap { $0 != knownRoot && isTaken($0) ? $0 : nil } }

    /// Returns whether a root is accepted as the source's. A changed root is accepted only if a valid manifest in it declares every
    /// live name that the change could hide. A name that is only kept, because a file or directory is unreadable, was not seen.
    private func isTaken(_ root: SourceRoot) -> Bool {
        guard let knownRoot, knownRoot != root else { return true }
        let isOther = knownRoot.directory != root.directory
        // Files below a directory where a mount appeared or disappeared may still exist, hidden by the mount or on the other file
        // system.
        let changed = root.mountedDifferently(from: knownRoot)
        guard isOther || !changed.isEmpty else { return true }
        return known.names.allSatisfy { name, known in
            definitions[name] != nil || !known.lives || !known.isOwn
                || !isOther && !known.files.contains { !changed.isDisjoint(with: $0.directories) }
        }
    }
}

/// The part of a readable definition that is remembered until the name's tasks are gone.
private struct LastDefinition {
    let prune: Bool
    let dependencies: [WorkloadName]

    init(_ workload: Workload) {
        prune = workload.steering.prune
        dependencies = workload.dependencies
    }
}

/// The declaration of one name.
package enum DesiredWorkload: Hashable, Sendable {
    indirect case readable(Workload)
    /// The declaration is not known, so everything of the name stays unchanged.
    case kept(KeptReason)

    /// Whether the definitions in readable files are invalid together: in conflict, or with an unresolved dependency.
    fileprivate var isDisputed: Bool {
        switch self {
        case .kept(.disputed), .kept(.unresolvedDependency): true
        case .kept(.unreadable), .kept(.groupInvalid), .readable: false
        }
    }

    /// The canonical form of every part of the declaration that matters. A saved plan becomes stale when it changes.
    fileprivate func element(_ name: WorkloadName) -> CanonicalJSON {
        switch self {
        case .readable(let workload):
            [
                "name": .string(name.rawValue), "spec": .string(workload.specDigest.rawValue),
                "settings": .string(workload.settingsDigest.rawValue),
                "steering": workload.fields.canonicalSteering(workload.steering),
            ]
        case .kept(let reason): ["name": .string(name.rawValue), "kept": .string(reason.rule.rawValue)]
        }
    }
}

/// The reason why a name is kept unchanged.
package enum KeptReason: Hashable, Sendable {
    /// The files that last defined the name are unreadable.
    case unreadable(files: [BytePath])
    /// The name has more than one readable definition.
    case disputed(places: [SourceRange])
    /// The name depends on an undeclared name or on itself. There is at least one diagnostic.
    case unresolvedDependency([Diagnostic])
    /// The name belongs to a group that must not change while these files are unreadable. The path of the root is empty.
    case groupInvalid(directory: BytePath, files: [BytePath])

    var rule: Rule {
        switch self {
        case .groupInvalid: .groupInvalid
        case .unresolvedDependency(let diagnostics): Rule(rawValue: diagnostics[0].reason.rawValue)
        case .unreadable: .sourceUnreadable
        case .disputed: .duplicateName
        }
    }
}

extension FileState {
    /// Returns whether two states are the same. Readable files are compared by digest, because the same bytes decode to the same
    /// workloads.
    fileprivate func isSame(as other: FileState) -> Bool {
        switch (self, other) {
        case (.readable(_, let left), .readable(_, let right)): left == right
        default: self == other
        }
    }

    fileprivate var workloads: [Workload] { if case .readable(let workloads, _) = self { workloads } else { [] } }

    fileprivate var count: Int { workloads.count }
}
