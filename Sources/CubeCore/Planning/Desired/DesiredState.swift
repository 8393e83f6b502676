package import CubeJSON
package import CubeTypes

/// The declarations of the manifests, by name. Snapshots keep them up to date.
///
/// Unreadable does not mean absent. A file with an error keeps the names that it last defined, a directory that could not be
/// listed keeps all names of its files, and a name counts as gone only with an ``AbsenceProof``. The names that a file last
/// defined are known from their tasks; see ``KnownName``.
package struct DesiredState: Sendable {
    package private(set) var listing = SourceListing()
    package private(set) var files: ManifestFiles
    package private(set) var declarations = Declarations()
    private(set) var graph = DependencyGraph()
    private(set) var known = KnownNames()
    private var kept = KeptNames()
    private var proof: AbsenceProof
    private var roots = SourceRoots()

    /// The maximum number of workloads that a source may declare.
    package static let maximumWorkloads = 1_000_000

    package init(oneShot: Bool = false, limit: Int = maximumWorkloads) {
        files = ManifestFiles(limit: limit)
        proof = AbsenceProof(oneShot: oneShot)
    }

    /// The names that are declared, or kept because their declarations are unknown. Any other name is absent.
    package var workloads: [WorkloadName: DesiredWorkload] { declarations.workloads }

    /// The digest of all declarations.
    package var digest: Digest { declarations.digest }

    /// Whether the whole source was looked at.
    package var isKnown: Bool { listing.revision != nil }

    /// Returns whether names that are not declared are proved to be gone.
    package func absence(at now: Timestamp) -> AbsenceProof.Verdict {
        kept.areAllKnown ? proof.verdict(at: now) : .unproved(.sourceUnreadable)
    }

    /// The time at which to list the source again if a name waits for the proof of its absence.
    package var lookAgain: Timestamp? { proof.lookAgain }

    /// Returns the problems with the manifests of a name.
    package func diagnostics(of name: WorkloadName) -> [Diagnostic] {
        switch workloads[name] {
        case .readable?, nil: []
        case .kept(.unreadable(let files))?, .kept(.groupInvalid(_, let files))?:
            files.flatMap { self.files.unreadable[$0] ?? [] }
        case .kept(.disputed(let places))?:
            places.dropFirst().map { .duplicateName(name, at: $0, first: places[0]) }
        case .kept(.unresolvedDependency(let diagnostics))?: diagnostics
        }
    }

    // MARK: Snapshots

    /// - Returns: the names that changed in any way.
    package mutating func apply(_ snapshot: ManifestSnapshot) -> Set<WorkloadName> {
        guard files.admit(snapshot) else {
            listing.reject(limit: files.limit)
            proof.changed()
            return []
        }
        var touched: Set<WorkloadName> = []
        var differs = false
        for (path, state) in snapshot.files where !(files[path].map { $0.isSame(as: state) } ?? false) {
            differs = true
            set(path, to: state, touched: &touched)
        }
        listing.update(snapshot)
        if snapshot.isPartial {
            regroup(&touched)
            if differs { proof.changed() }
        } else {
            // While a directory cannot be listed, a file that it hides may be known only from its tasks.
            let expected = snapshot.isComplete ? Set(files.paths) : Set(files.paths).union(known.files.keys)
            for path in expected where snapshot.files[path] == nil {
                differs = leave(path, isGone: snapshot.isComplete, touched: &touched) || differs
            }
            regroup(&touched)
            proof.listed(snapshot, differs: differs)
            roots.update(snapshot)
        }
        resolve(&touched)
        return touched
    }

    /// Handles a file that a look at the whole source does not show: the file is gone, or its directory could not be listed.
    ///
    /// - Returns: whether the state of the file changed.
    private mutating func leave(_ path: BytePath, isGone: Bool, touched: inout Set<WorkloadName>) -> Bool {
        let state: FileState? =
            isGone
            ? nil
            : .unreadable([
                Diagnostic(
                    reason: .unreadable, summary: "its directory could not be listed",
                    range: SourceRange(filename: path.text))
            ])
        guard files[path] != state else { return false }
        set(path, to: state, touched: &touched)
        return true
    }

    private mutating func set(_ path: BytePath, to state: FileState?, touched: inout Set<WorkloadName>) {
        let old = files.set(path, to: state)
        for name in Set(((old?.workloads ?? []) + (state?.workloads ?? [])).map(\.name)) {
            // The first definition in the order of files counts, even if there are several.
            if let first = files.definitions(of: name).first {
                known.note(first)
            } else if case .kept? = workloads[name] {
                // The definition that disappears was never in effect, so it does not order what is pruned.
                known.forgetDependencies(of: name)
            }
            touched.formUnion(graph.set(name, to: known.dependencies(of: name)))
            touched.insert(name)
        }
        for other in known.note(path, from: old, to: state) { keep(other, touched: &touched) }
        keep(path, touched: &touched)
    }

    /// Updates the names that a file keeps because it is unreadable.
    private mutating func keep(_ path: BytePath, touched: inout Set<WorkloadName>) {
        touched.formUnion(kept.update(path, isUnreadable: files.unreadable[path] != nil, known))
    }

    /// Updates the names that groups keep unchanged, including names whose files disappeared from a group.
    private mutating func regroup(_ touched: inout Set<WorkloadName>) {
        let changed = files.groups.takeChanges()
        if !changed.isEmpty {
            touched.formUnion(files.names(below: changed))
            touched.formUnion(known.names(below: changed))
        }
        touched.formUnion(
            kept.withhold(files.groups.invalid.isEmpty ? [:] : known.names.compactMapValues(withholding)))
    }

    /// Returns why a name is kept although its files are gone: one of the files belonged to a group that must not change.
    private func withholding(_ name: KnownName) -> KeptReason? {
        name.files.sorted().lazy.filter { files[$0] == nil }.compactMap(files.groups.invalidGroup).first
    }

    // MARK: Declarations

    /// Resolves the touched names, the dependents of names that appear or disappear, and the names whose cycles changed.
    private mutating func resolve(_ touched: inout Set<WorkloadName>) {
        for name in touched where isDeclared(name) != (workloads[name] != nil) {
            touched.formUnion(graph.dependents[name] ?? [])
        }
        touched.formUnion(graph.takeChanges())
        for name in touched { declarations.set(name, to: resolved(name)) }
    }

    private func isDeclared(_ name: WorkloadName) -> Bool { files.define(name) || kept.contains(name) }

    /// Returns the declaration of a name. A readable definition takes precedence over a remembered one; several readable
    /// definitions are a conflict.
    private func resolved(_ name: WorkloadName) -> DesiredWorkload? {
        let definitions = files.definitions(of: name)
        guard let first = definitions.first else { return kept.reason(of: name).map { .kept($0) } }
        guard definitions.count == 1 else {
            return .kept(
                .disputed(places: definitions.map(\.range).sorted { ExactText($0.filename) < ExactText($1.filename) }))
        }
        if let reason = files.groups.invalidGroup(above: first.file) { return .kept(reason) }
        let problems = graph.problems(with: first, isDeclared: isDeclared)
        return problems.isEmpty ? .readable(first) : .kept(.unresolvedDependency(problems))
    }

    // MARK: Knowledge of the cluster

    /// Updates what the cluster knows about names; `nil` means that it knows nothing about a name.
    ///
    /// - Returns: the names that changed in any way.
    package mutating func know(_ names: some Sequence<(WorkloadName, KnownName?)>) -> Set<WorkloadName> {
        var touched: Set<WorkloadName> = []
        for (name, new) in names {
            guard known.names[name] != new else { continue }
            touched.insert(name)
            for path in known.set(name, to: new) { keep(path, touched: &touched) }
            if !listing.isComplete {
                for path in new?.files ?? [] where files[path] == nil {
                    _ = leave(path, isGone: false, touched: &touched)
                }
            }
            if new?.lives != true, !files.define(name) { known.forgetDefinition(of: name) }
            if !files.groups.invalid.isEmpty { kept.withhold(name, new.flatMap(withholding)) }
            touched.formUnion(graph.set(name, to: known.dependencies(of: name)))
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

    /// The root directory that the manager has recorded for the source.
    package var recordedRoot: SourceRoot? {
        get { roots.recorded }
        set { roots.recorded = newValue }
    }

    /// Whether the root may have been replaced: it is another directory than the recorded one, or a mount below it appeared or
    /// disappeared, and no valid manifest in it declares some live name that the change may hide. A name that is only kept,
    /// because a file or directory is unreadable, was not seen.
    package var isRootReplaced: Bool {
        guard let change = roots.change else { return false }
        return known.names.contains { name, known in
            known.lives && known.isOwn && change.mayHide(known) && !files.define(name)
        }
    }

    /// The root that the manager must record; `nil` if it is recorded already or may be a wrong one.
    package var newRoot: SourceRoot? {
        guard let listed = roots.listed, listed != roots.recorded, !isRootReplaced else { return nil }
        return listed
    }
}
