package import CubeJSON
package import CubeTypes

/// What the manifests declare, by name, held and kept up to date by snapshots.
///
/// Unreadable is not absent: a file with an error keeps the names that it last defined, a directory that could not be
/// listed keeps all names of its files, and what is gone counts as gone only with an ``AbsenceProof``.
package struct DesiredState: Sendable {
    /// The names that are declared, or kept because nobody can know. What is missing here is absent.
    package private(set) var workloads: [WorkloadName: DesiredWorkload] = [:]
    package private(set) var memory: SourceMemory {
        didSet { memoryRevision += 1 }
    }
    /// Grows when ``memory`` changes, which is then to be persisted.
    package private(set) var memoryRevision = 0
    package private(set) var source: SourceRevision?
    /// What could not be listed, and other trouble that belongs to no file.
    package private(set) var problems: [Diagnostic] = []
    /// What the source left aside.
    package private(set) var warnings: [Diagnostic] = []
    /// The files that cannot be read.
    package private(set) var unreadable: [BytePath: [Diagnostic]] = [:]
    /// The names of which readable files say what cannot be: defined by more than one, or depending on what is not there.
    package private(set) var disputed: Set<WorkloadName> = []
    private(set) var graph = DependencyGraph()
    private var groups = GroupIndex()
    /// The names whose files are gone from a group that may not change.
    private var withheld: [WorkloadName: KeptReason] = [:]
    /// Whether the root is another directory than the one whose names are known, or a directory below it lies on another mount,
    /// and some of the names were not seen since.
    package private(set) var isRootReplaced = false

    private let limit: Int
    private var proof: AbsenceProof
    private var files: [BytePath: FileState] = [:]
    private var total = 0
    /// The files that define a name, and where among the workloads of each it stands.
    private var definitions: [WorkloadName: [BytePath: Int]] = [:]
    private var remembered: [WorkloadName: Set<BytePath>] = [:]
    /// Unreadable files whose names nobody knows, and those of them where nobody has asked the cluster yet.
    private var unknown: Set<BytePath> = []
    private var unasked: Set<BytePath> = []
    private var sum = SetDigest()
    private var elements: [WorkloadName: SetDigest] = [:]
    /// Without a memory the first names are not new: nothing says when they came.
    private var startsWithoutMemory: Bool

    /// How many workloads a source may declare.
    package static let maximumWorkloads = 1_000_000

    /// - Parameter memory: `nil` where there is none.
    package init(memory: SourceMemory?, oneShot: Bool = false, limit: Int = maximumWorkloads) {
        self.memory = memory ?? SourceMemory()
        self.limit = limit
        proof = AbsenceProof(oneShot: oneShot)
        startsWithoutMemory = memory == nil
        for (name, known) in self.memory.names { graph.set(name, to: known.dependsOn ?? []) }
    }

    /// Over everything that is declared.
    package var digest: Digest { sum.digest }

    /// The part of ``digest`` that is a name's; `nil` where it is not declared.
    func element(of name: WorkloadName) -> SetDigest? { elements[name] }

    /// Why tasks of a file stay though nothing declares them any more: the file's group may not change.
    func keptByGroup(_ file: BytePath) -> KeptReason? { groups.invalidGroup(above: file) }

    /// The groups that may not change, by their directories, and the files that keep them so.
    var invalidGroups: [BytePath: [BytePath]] { groups.invalid }

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
            // After a start, what is not to be seen may be known from the memory alone.
            let known = snapshot.isComplete ? Set(files.keys) : Set(files.keys).union(memory.files.keys)
            for path in known where snapshot.files[path] == nil {
                differs = leave(path, isGone: snapshot.isComplete, touched: &touched) || differs
            }
            problems = snapshot.problems
            warnings = snapshot.warnings
            regroup(&touched)
            proof.listed(snapshot, differs: differs)
            forgetAbsentFiles(after: snapshot)
        }
        // Before the first look at everything, a part of it is not known as a whole.
        if source != nil || !snapshot.isPartial { source = snapshot.source }
        resolve(&touched)
        noteRoot(snapshot)
        return touched
    }

    /// Looks which names a group keeps as they are, those of files that are gone from it included.
    private mutating func regroup(_ touched: inout Set<WorkloadName>) {
        let changed = groups.takeChanges()
        guard !changed.isEmpty || !groups.invalid.isEmpty || !withheld.isEmpty else { return }
        touched.formUnion(withheld.keys)
        withheld = [:]
        for (path, names) in memory.files {
            if !changed.isDisjoint(with: path.directories) { touched.formUnion(names) }
            guard files[path] == nil, let reason = groups.invalidGroup(above: path) else { continue }
            for name in names { withheld[name] = reason }
        }
        touched.formUnion(withheld.keys)
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
        groups.change(path, from: files[path], to: state)
        withdraw(path, touched: &touched)
        files[path] = state
        total += state?.count ?? 0
        switch state {
        case .readable(let workloads, _):
            let names = workloads.map(\.name).sorted()
            if memory.files[path] != names { memory.files[path] = names }
            for (place, workload) in workloads.enumerated() {
                definitions[workload.name, default: [:]][path] = place
                remember(workload.name, touched: &touched)
                touched.insert(workload.name)
            }
        case .unreadable(let diagnostics):
            unreadable[path] = diagnostics
            if memory.files[path] == nil, !ManifestGroup.isFile(path) {
                unknown.insert(path)
                unasked.insert(path)
            }
            for name in memory.files[path] ?? [] {
                remembered[name, default: []].insert(path)
                touched.insert(name)
            }
        case .group, nil: break
        }
    }

    /// Notes what a name depends on, and what is remembered of it: what the first of its definitions says, also where there
    /// are more, or there were.
    private mutating func remember(_ name: WorkloadName, touched: inout Set<WorkloadName>) {
        guard let workload = readable(name).min(by: { $0.file < $1.file }) else { return }
        let since = memory.names[name]?.since ?? (startsWithoutMemory ? 0 : nil)
        let dependencies = workload.dependencies
        let known = NameMemory(
            prune: workload.steering.prune, since: since, dependsOn: dependencies.isEmpty ? nil : dependencies)
        touched.formUnion(graph.set(name, to: dependencies))
        if memory.names[name] != known { memory.names[name] = known }
    }

    /// Takes back what a file said.
    private mutating func withdraw(_ path: BytePath, touched: inout Set<WorkloadName>) {
        let old = files.removeValue(forKey: path)
        total -= old?.count ?? 0
        switch old {
        case .readable(let workloads, _):
            for workload in workloads {
                definitions[workload.name]?[path] = nil
                if definitions[workload.name]?.isEmpty == true { definitions[workload.name] = nil }
                remember(workload.name, touched: &touched)
                touched.insert(workload.name)
            }
        case .unreadable:
            unreadable[path] = nil
            unknown.remove(path)
            unasked.remove(path)
            for name in memory.files[path] ?? [] {
                remembered[name]?.remove(path)
                if remembered[name]?.isEmpty == true { remembered[name] = nil }
                touched.insert(name)
            }
        case .group, nil: break
        }
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
        if let old = elements.removeValue(forKey: name) { sum -= old }
        if let element = workload.map({ SetDigest(of: $0.element(name)) }) {
            elements[name] = element
            sum += element
        }
    }

    /// What readable files say of a name.
    private func readable(_ name: WorkloadName) -> [Workload] {
        (definitions[name] ?? [:]).compactMap { path, place in
            guard case .readable(let workloads, _)? = files[path] else { return nil }
            return workloads[place]
        }
    }

    // MARK: What is remembered

    /// Once a listing is proved, files that are gone are forgotten.
    private mutating func forgetAbsentFiles(after snapshot: ManifestSnapshot) {
        startsWithoutMemory = false
        guard proof.verdict(at: snapshot.ended) == .proved, !isRootReplaced, changedMounts(snapshot).isEmpty else {
            return
        }
        let gone = memory.files.keys.filter { files[$0] == nil && groups.invalidGroup(above: $0) == nil }
        for path in gone { memory.files[path] = nil }
    }

    /// Another directory in the root's place is taken for the source only when every known name is seen in it.
    private mutating func noteRoot(_ snapshot: ManifestSnapshot) {
        if !snapshot.isPartial, snapshot.isComplete, let root = snapshot.root {
            let isOther = memory.root != nil && memory.root != root
            let isTaken =
                !isOther && hidden(by: changedMounts(snapshot)).isEmpty
                || memory.names.keys.allSatisfy { workloads[$0] != nil }
            if isTaken, memory.root != root { memory.root = root }
            if isTaken, memory.mounts != snapshot.mounts { memory.mounts = snapshot.mounts }
            isRootReplaced = !isTaken
        } else if isRootReplaced, memory.names.keys.allSatisfy({ workloads[$0] != nil }) {
            // The next listing of everything takes the root over.
            proof.changed()
        }
    }

    /// The directories at which something was mounted, or unmounted, since all names were seen: what was below them is hidden.
    private func changedMounts(_ snapshot: ManifestSnapshot) -> Set<BytePath> {
        memory.mounts?.symmetricDifference(snapshot.mounts) ?? []
    }

    /// The names of files below directories that are not to be seen.
    private func hidden(by directories: Set<BytePath>) -> Set<WorkloadName> {
        guard !directories.isEmpty else { return [] }
        let files = memory.files.filter { !directories.isDisjoint(with: $0.key.directories) }
        return Set(files.values.joined().filter { memory.names[$0] != nil && workloads[$0] == nil })
    }

    /// A name that is gone, with nothing of it left, is a new one when it comes back.
    package mutating func forget(_ name: WorkloadName) {
        guard workloads[name] == nil, memory.names[name] != nil else { return }
        memory.names[name] = nil
        graph.set(name, to: [])
    }

    /// Notes the revision at which a name came.
    package mutating func stamp(_ name: WorkloadName, revision: Int) {
        if let known = memory.names[name], known.since == nil { memory.names[name]?.since = revision }
    }

    /// Unreadable files whose names may be known from the tasks that bear them as their source.
    package var filesToAskFor: Set<BytePath> { unasked }

    /// The cluster is seen anew: it may know now what it did not.
    package mutating func askAgain() { unasked = unknown }

    /// - Parameter names: for each of ``filesToAskFor`` the names of its live tasks; a file without any stays unknown.
    /// - Returns: the names that are kept by this.
    package mutating func answer(_ names: [BytePath: Set<WorkloadName>]) -> Set<WorkloadName> {
        var touched: Set<WorkloadName> = []
        for (path, names) in names where unasked.contains(path) && !names.isEmpty {
            let state = files[path]
            set(path, to: nil, touched: &touched)
            memory.files[path] = names.sorted()
            set(path, to: state, touched: &touched)
        }
        unasked = []
        resolve(&touched)
        return touched
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

    fileprivate var count: Int {
        switch self {
        case .readable(let workloads, _): workloads.count
        case .unreadable, .group: 0
        }
    }
}
