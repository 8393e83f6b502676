package import CubeJSON
package import CubeTypes

/// What the manifests declare, by name, held and kept up to date by snapshots.
///
/// Unreadable is not absent: a file with an error keeps the names that it last defined, a directory that could not be
/// listed keeps all names of its files, and a name counts as gone only with an ``AbsenceProof``. Which names a file last
/// defined, the tasks of these names say: see ``KnownName``.
package struct DesiredState: Sendable {
    /// The names that are declared, or kept because nobody can know. A name that is missing here is absent.
    package private(set) var workloads: [WorkloadName: DesiredWorkload] = [:]
    package private(set) var source: SourceRevision?
    /// What could not be listed, and other trouble that belongs to no file.
    package private(set) var problems: [Diagnostic] = []
    /// What the source left aside.
    package private(set) var warnings: [Diagnostic] = []
    /// The files that cannot be read.
    package private(set) var unreadable: [BytePath: [Diagnostic]] = [:]
    /// Names whose definitions are readable but invalid: declared twice, or with an unresolved dependency.
    package private(set) var disputed: Set<WorkloadName> = []
    private(set) var graph = DependencyGraph()
    /// What the cluster knows of names.
    private(set) var known = KnownNames()
    /// The directory that the manager knows as the source's.
    package var knownRoot: SourceRoot?

    private let limit: Int
    private var proof: AbsenceProof
    private var groups = GroupIndex()
    /// The names whose files are gone from a group that may not change.
    private var withheld: [WorkloadName: KeptReason] = [:]
    private var files: [BytePath: FileState] = [:]
    private var total = 0
    /// The directory of the last complete listing.
    private var seenRoot: SourceRoot?
    /// Whether the last listing of everything showed all directories.
    private var isComplete = true
    /// The files that define a name, and its position among the workloads of each.
    private var definitions: [WorkloadName: [BytePath: Int]] = [:]
    /// The unreadable files that keep a name.
    private var remembered: [WorkloadName: Set<BytePath>] = [:]
    private var keptBy: [BytePath: Set<WorkloadName>] = [:]
    /// Unreadable files whose names nobody knows.
    private var unknown: Set<BytePath> = []
    /// What the last readable definition of a name said: the manager may not have been told yet when the definition goes.
    private var lastRead: [WorkloadName: LastDefinition] = [:]
    private var elements = DigestElements()

    /// How many workloads a source may declare.
    package static let maximumWorkloads = 1_000_000

    package init(oneShot: Bool = false, limit: Int = maximumWorkloads) {
        self.limit = limit
        proof = AbsenceProof(oneShot: oneShot)
    }

    /// Over everything that is declared.
    package var digest: Digest { elements.digest }

    /// The part of ``digest`` that is a name's; `nil` when it is not declared.
    func element(of name: WorkloadName) -> SetDigest? { elements[name] }

    /// Whether a source was ever looked at as a whole.
    package var isKnown: Bool { source != nil }

    /// Whether names that are not declared are gone.
    package func absence(at now: Timestamp) -> AbsenceProof.Verdict {
        unknown.isEmpty ? proof.verdict(at: now) : .unproved(.sourceUnreadable)
    }

    /// When to list the source again, if a name waits for the proof of its absence.
    package var lookAgain: Timestamp? { proof.lookAgain }

    /// What is wrong with the manifests of a name.
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

    /// - Returns: the names of which anything changed.
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
            // A file that is not to be seen may be known from its tasks alone.
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
        // Before the first look at everything, a part of it is not known as a whole.
        if source != nil || !snapshot.isPartial { source = snapshot.source }
        resolve(&touched)
        return touched
    }

    /// Looks which names a group keeps as they are, those of files that are gone from it included.
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

    /// Why a name stays though its files are gone: the group of one of them may not change.
    private func withholding(_ name: KnownName) -> KeptReason? {
        name.files.sorted().lazy.filter { files[$0] == nil }.compactMap(groups.invalidGroup).first
    }

    /// Resolves names, and those whose dependencies come or go by it.
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

    /// A file that a listing of everything does not show: gone, or not to be seen because its directory could not be listed.
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

    /// The first of the definitions of a name, also when there are more.
    private func first(of name: WorkloadName) -> Workload? { readable(name).min { $0.file < $1.file } }

    /// What a name depends on: what its last definition says; if this process never read one, what its tasks say.
    private func dependencies(of name: WorkloadName) -> [WorkloadName] {
        lastRead[name]?.dependencies ?? known.names[name]?.dependencies ?? []
    }

    /// Whether the tasks of a name may be stopped when its manifest goes, as far as anybody was told.
    func mayPrune(_ name: WorkloadName) -> Bool {
        lastRead[name]?.prune ?? true && known.names[name]?.mayPrune ?? false
    }

    /// Notes which names an unreadable file keeps, and whether they are known.
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
        // Also names that it keeps already: what is wrong with the file may be another thing now.
        touched.formUnion(new)
        unknown.set(path, isUnreadable && !ManifestGroup.isFile(path) && !known.areKnown(of: path))
    }

    /// A readable definition beats a remembered one; two readable ones are a dispute.
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

    /// What readable files say of a name.
    private func readable(_ name: WorkloadName) -> [Workload] {
        (definitions[name] ?? [:]).compactMap { path, place in
            guard case .readable(let workloads, _)? = files[path] else { return nil }
            return workloads[place]
        }
    }

    // MARK: What the cluster knows

    /// Takes in what the cluster knows of names; `nil` for a name of which it knows nothing.
    ///
    /// - Returns: the names of which anything changed.
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

    /// Takes everything that is declared for running: what cannot be read later keeps what it said before.
    package mutating func assumeAllRun() {
        let running = workloads.compactMap { name, workload -> (WorkloadName, KnownName?)? in
            guard case .readable(let declared) = workload else { return nil }
            return (name, KnownName(files: [declared.file], lives: true))
        }
        _ = know(running)
    }

    // MARK: The root

    /// Whether the root is another directory than the one whose names are known, or something was mounted or unmounted below
    /// it, and some of the names were not seen since.
    package var isRootReplaced: Bool { seenRoot.map { !isTaken($0) } ?? false }

    /// The root that the manager is to know from now on, when it knows another one or none.
    package var newRoot: SourceRoot? { seenRoot.flatMap { $0 != knownRoot && isTaken($0) ? $0 : nil } }

    /// Another directory in the root's place is taken for the source only when every name that lives is seen in it.
    private func isTaken(_ root: SourceRoot) -> Bool {
        guard let knownRoot, knownRoot != root else { return true }
        let isOther = knownRoot.directory != root.directory
        // What was below a directory at which something was mounted, or unmounted, may be there still.
        let changed = root.mountedDifferently(from: knownRoot)
        guard isOther || !changed.isEmpty else { return true }
        return known.names.allSatisfy { name, known in
            workloads[name] != nil || !known.lives || !known.isOwn
                || !isOther && !known.files.contains { !changed.isDisjoint(with: $0.directories) }
        }
    }
}

/// What is remembered of a definition that was read, until its tasks are gone.
private struct LastDefinition {
    let prune: Bool
    let dependencies: [WorkloadName]

    init(_ workload: Workload) {
        prune = workload.steering.prune
        dependencies = workload.dependencies
    }
}

/// What is declared for one name.
package enum DesiredWorkload: Hashable, Sendable {
    indirect case readable(Workload)
    /// Nobody can know: all of it stays as it is.
    case kept(KeptReason)

    /// Whether readable files say of it what cannot be.
    fileprivate var isDisputed: Bool {
        switch self {
        case .kept(.disputed), .kept(.unresolvedDependency): true
        case .kept(.unreadable), .kept(.groupInvalid), .readable: false
        }
    }

    /// All of it that counts, in canonical form: a saved plan is stale once this changes.
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

/// Why a name is kept as it is.
package enum KeptReason: Hashable, Sendable {
    /// The files that last defined it cannot be read.
    case unreadable(files: [BytePath])
    /// More than one file defines it.
    case disputed(places: [SourceRange])
    /// It depends on what is not there, or on itself; what is wrong, at least one.
    case unresolvedDependency([Diagnostic])
    /// It is of a group of which nothing may change while these files cannot be read; the root's directory is empty.
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
    /// The same bytes decode to the same workloads.
    fileprivate func isSame(as other: FileState) -> Bool {
        switch (self, other) {
        case (.readable(_, let left), .readable(_, let right)): left == right
        default: self == other
        }
    }

    fileprivate var workloads: [Workload] { if case .readable(let workloads, _) = self { workloads } else { [] } }

    fileprivate var count: Int { workloads.count }
}
