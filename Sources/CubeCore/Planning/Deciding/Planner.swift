package import CubeErrors
import CubeJSON
package import CubeTypes
import HeapModule

/// Holds what is declared and what is observed, and says what is to be done: the whole of the deciding, none of the doing.
///
/// It is fed by ``update(_:)-(ManifestSnapshot)`` and its siblings, which only note what changed. ``pass(now:)`` then
/// decides the names that changed or whose time has come; its cost is that of the change. Passing over everything after
/// ``reconsider()`` yields the same plan.
///
/// Times must come from a clock that does not jump while the program runs.
package struct Planner: Sendable {
    package let owner: OwnerName
    /// Puts the hints in messages into words.
    let wording: HintWording
    package private(set) var desired: DesiredState
    package private(set) var observed: ObservedState?
    package var access: WriteAccess = .writing
    /// Whether the data directory can be written: where it cannot, nothing is stopped.
    package var isStorageWritable = true
    /// The saved plan that is to be carried out, and nothing but that; `nil` where all that is declared is.
    package var savedPlan: PlanDocument? {
        didSet { plannedPrunes = Set(savedPlan?.workloads.filter(\.prunes).map(\.name) ?? []) }
    }
    /// The names that ``savedPlan`` prunes.
    var plannedPrunes: Set<WorkloadName> = []
    /// Whether anything of ``savedPlan`` was released: what lives differs from it from then on.
    private var hasBegunSavedPlan = false

    var entries: [WorkloadName: Entry] = [:]
    var tally = Tally()
    var lastSummary: SummaryStatus?
    var former: [WorkloadName: WorkloadReport]
    private var directives = DirectiveIndex()
    var backoff = ActionBackoff()
    var undoLimit = UndoLimit()
    var retries = RetryThrottle()
    /// The names to decide, and those whose decision stands while guards or answers changed.
    private var dirty: Set<WorkloadName> = []
    private var unreported: Set<WorkloadName> = []
    /// The names that are not declared and of which something is left or remembered; those that would be pruned.
    var absent: Set<WorkloadName> = []
    private var pruning: Set<WorkloadName> = []
    /// The names that would stop something, and those with an action that is due.
    private var stopping: Set<WorkloadName> = []
    var due: Set<WorkloadName> = []
    var verdicts: [WorkloadName: PruneGuards.Verdict] = [:]
    var storageHold: Hold?
    var timers = Heap<Timer>()
    /// Where live tasks are declared, and how, as far as the manager does not know it yet.
    var declarations: [WorkloadName: [Declaration]] = [:]
    /// The notes that were told last, and when they may be told again, should they have had no effect.
    var toldNotes: (notes: SourceNotes, retryAt: Timestamp)?
    /// The names of which nothing is left, for the next plan to say so.
    private var gone: Set<WorkloadName> = []

    /// What is known of one name.
    struct Entry: Hashable, Sendable {
        var decision: Decision
        /// The decision's steps, after the guards.
        var steps: [Step] = []
        var report: WorkloadReport?
        var wakeAt: Timestamp?
        var observedSum = SetDigest()
        var starts = StartTimes()
    }

    struct Timer: Comparable {
        var at: Timestamp
        var name: WorkloadName

        static func < (left: Timer, right: Timer) -> Bool { left.at < right.at }
    }

    /// - Parameters:
    ///   - wording: puts the hints in messages into words.
    ///   - reports: the status files as they were left, so that times of transition go on.
    ///   - oneShot: for commands that look once: one clean listing shows that a name is absent.
    package init(
        owner: OwnerName, wording: @escaping HintWording, reports: [WorkloadReport] = [],
        summary: SummaryStatus? = nil, oneShot: Bool = false
    ) {
        self.owner = owner
        self.wording = wording
        desired = DesiredState(oneShot: oneShot)
        former = Dictionary(reports.map { ($0.status.name, $0) }) { _, last in last }
        lastSummary = summary
    }

    // MARK: What changed

    package mutating func update(_ snapshot: ManifestSnapshot) {
        dirty.formUnion(desired.apply(snapshot))
    }

    /// Takes a list of everything in the place of what was observed.
    package mutating func update(_ state: ObservedState) {
        directives = DirectiveIndex(state.owner?.directives ?? [])
        observed = state
        learnAll(state)
    }

    /// Takes in what the cluster knows of every name.
    private mutating func learnAll(_ state: ObservedState) {
        let names = Set(state.workloads.keys).union(desired.known.names.keys)
        _ = desired.know(names.map { ($0, state.known($0)) })
        desired.knownRoot = state.owner?.root
        reconsider()
    }

    package mutating func update(_ changes: TaskChanges) {
        let former = observed?.owner
        guard let names = observed?.apply(changes), let observed else { return }
        dirty.formUnion(names)
        dirty.formUnion(desired.know(names.map { ($0, observed.known($0)) }))
        guard let owner = changes.owner else { return }
        let index = DirectiveIndex(owner.directives)
        dirty.formUnion(index.names(differingFrom: directives))
        directives = index
        // A name that returned is told to the manager.
        dirty.formUnion(owner.pruned.filter { !$0.returned }.map(\.name))
        desired.knownRoot = owner.root
        if owner.claimedRevision != former?.claimedRevision { learnAll(observed) }
    }

    /// Notes that the manager is told the notes of a plan.
    package mutating func tells(_ notes: SourceNotes, at now: Timestamp) {
        toldNotes = notes.isEmpty ? nil : (notes, now + Self.notesPause)
    }

    /// Notes that a call is made with these actions.
    package mutating func calls(_ actions: [PlannedAction], at now: Timestamp) {
        if actions.contains(where: { backoff[$0] != nil }) { retries.spend(at: now) }
    }

    /// Notes that an action was made and answered, well or not, at a revision of the cluster.
    package mutating func answered(_ action: PlannedAction, at now: Timestamp, revision: Int, error: APIError? = nil) {
        backoff.answered(action, at: now, revision: revision, error: error)
        if error == nil, backoff[action]?.tries == 1 {
            undoLimit.done(action, wish: wish(of: action.name), at: now)
        }
        unreported.insert(action.name)
    }

    /// Everything is decided anew in the next pass.
    package mutating func reconsider() {
        dirty.formUnion(entries.keys)
        dirty.formUnion(desired.workloads.keys)
        dirty.formUnion(observed?.workloads.keys ?? [:].keys)
        dirty.formUnion(former.keys)
    }

    // MARK: What people see

    /// A digest as people see it, in files, plans and holds.
    func shown(_ digest: Digest) -> Digest { observed?.digestKey?.keyed(digest) ?? digest }

    private func shown(_ change: HeldChange) -> HeldChange {
        observed?.digestKey.map(change.keyed(by:)) ?? change
    }

    // MARK: The pass

    package mutating func pass(now: Timestamp) -> Plan {
        guard let observed, desired.isKnown, !access.isBlind else { return blindPlan(now: now) }
        wake(now)
        decideAll(observed, now)
        let holds = guardPrunes(observed, now)
        var reports: [WorkloadName: WorkloadReport?] = [:]
        for name in gone where entries[name] == nil { reports[name] = .some(nil) }
        for name in dirty.union(unreported) {
            if let report = makeReport(of: name, observed, now) { reports[name] = report }
        }
        let decided = dirty.count
        dirty = []
        unreported = []
        gone = []
        let notes = notes(observed, now)
        dropTimers()
        var plan = Plan(
            summary: summary(holds: holds, now: now), desiredDigest: shown(desired.digest),
            observedDigest: shown(tally.observedDigest))
        plan.departures = departures
        plan.actions = access == .writing && plan.departures.isEmpty ? actions : []
        if savedPlan != nil, access == .writing, plan.departures.isEmpty { hasBegunSavedPlan = true }
        plan.holds = holds
        plan.reports = reports
        plan.findings = findings
        plan.decided = decided
        if access == .writing, toldNotes == nil { plan.notes = notes }
        plan.lacksNotes = access == .writing && !notes.isEmpty
        plan.isConverged = isConverged
        plan.wakeAt = wakeAt
        if !absent.isEmpty { plan.listAt = desired.lookAgain }
        return plan
    }

    /// What moved since the saved plan was made.
    private var departures: [String] {
        guard let savedPlan else { return [] }
        return hasBegunSavedPlan ? declaredDepartures(from: savedPlan) : departures(from: savedPlan)
    }

    /// Notes the names whose time has come.
    private mutating func wake(_ now: Timestamp) {
        while let timer = timers.min, timer.at <= now {
            timers.removeMin()
            if entries[timer.name]?.wakeAt == timer.at { dirty.insert(timer.name) }
        }
    }

    /// Drops timers of which nobody wants to know any more, so that the next one is one that counts.
    private mutating func dropTimers() {
        while let timer = timers.min, entries[timer.name]?.wakeAt != timer.at { timers.removeMin() }
    }

    /// Decides the names that may be otherwise, and those that depend on what became healthy or is not any more, until that
    /// is all: what depends on what has no cycles, so that it ends.
    private mutating func decideAll(_ observed: ObservedState, _ now: Timestamp) {
        var open = Array(dirty)
        var isOpen = dirty
        while let name = open.popLast() {
            isOpen.remove(name)
            let (wasServing, lived) = (isServing(name), lives(name))
            decide(name, observed, now)
            var affected: Set<WorkloadName> = []
            if isServing(name) != wasServing { affected.formUnion(desired.graph.dependents[name] ?? []) }
            if lives(name) != lived {
                affected.formUnion((desired.graph.dependencies[name] ?? []).filter { absent.contains($0) })
            }
            for other in affected where isOpen.insert(other).inserted { open.append(other) }
            dirty.formUnion(affected)
        }
    }

    private func isServing(_ name: WorkloadName) -> Bool { entries[name]?.decision.isServing ?? false }

    /// Whether a task of it lives, as far as it was decided.
    private func lives(_ name: WorkloadName) -> Bool { (entries[name]?.decision.replicas.live ?? 0) > 0 }

    /// Decides one name from what is declared and observed, and notes in which sets that puts it.
    private mutating func decide(_ name: WorkloadName, _ observed: ObservedState, _ now: Timestamp) {
        let workload = observed.workloads[name] ?? ObservedWorkload()
        let told = directives.names[name] ?? .none
        let live = workload.live
        var starts = entries[name]?.starts ?? StartTimes()
        starts.note(live, at: now)
        let dependents = (desired.graph.dependents[name] ?? []).filter { other in
            !desired.graph.areInOneCycle(name, other)
                && observed.workloads[other]?.tasks.values.contains { !$0.state.hasEnded } ?? false
        }
        let leftover = LeftoverDecider(
            name: name, observed: workload, directives: told, dependents: dependents.sorted(), starts: starts,
            wording: wording, now: now)
        var decision: Decision?
        switch desired.workloads[name] {
        case .readable(let declared)?:
            let decider = WorkloadDecider(
                declared, observed: workload, directives: told, starts: starts,
                identity: .init(cluster: observed.cluster, owner: owner),
                awaited: declared.dependencies.filter { !isServing($0) }, wording: wording, now: now)
            decision = decider.decide()
        case .kept(let reason)?: decision = leftover.keep(reason, desired.explanation(of: reason))
        case nil: decision = live.isEmpty ? nil : leftover.prune()
        }
        declarations[name] = missingDeclarations(of: name, live, observed)
        undoLimit.wish(desired.workloads[name].map { _ in wish(of: name) }, of: name)
        let isAbsent = desired.workloads[name] == nil && (decision != nil || !workload.withdrawals(of: name).isEmpty)
        absent.set(name, isAbsent)
        pruning.set(name, decision?.prunes ?? false)
        stopping.set(name, decision?.stops ?? false)
        var sum = SetDigest()
        for task in live {
            let element: [CanonicalJSON] = [
                .string(name.rawValue), .integer(Int64(task.ordinal)), .string(task.specDigest.rawValue),
            ]
            sum += SetDigest(of: .array(element))
        }
        if let old = entries[name] { tally.remove(observed: old.observedSum) }
        tally.add(observed: sum)
        guard let decision else { return withdraw(name) }
        entries[name, default: Entry(decision: decision)].decision = decision
        entries[name]?.observedSum = sum
        entries[name]?.starts = starts
    }

    /// What is declared of a name, and what people told about it.
    private func wish(of name: WorkloadName) -> UndoLimit.Wish {
        let told = directives.names[name] ?? .none
        return UndoLimit.Wish(declared: desired.element(of: name), directives: [told.retry, told.restart])
    }

    /// Nothing is declared and nothing lives.
    private mutating func withdraw(_ name: WorkloadName) {
        backoff.keep([], of: name)
        due.remove(name)
        if let report = entries.removeValue(forKey: name)?.report {
            tally.remove(report)
            gone.insert(name)
        }
        if former.removeValue(forKey: name) != nil { gone.insert(name) }
    }

    /// Lets the guards judge all prunes; a name about which they changed their mind gets a new report.
    private mutating func guardPrunes(_ observed: ObservedState, _ now: Timestamp) -> [Hold] {
        let guards = PruneGuards(
            owner: owner, absence: desired.absence(at: now), isRootReplaced: desired.isRootReplaced,
            declared: desired.workloads.count, living: observed.liveNames, desired: desired,
            directives: directives, limits: observed.limits, window: observed.window)
        var prunes: [WorkloadName: [HeldChange]] = [:]
        for name in pruning { prunes[name] = entries[name]?.decision.steps.compactMap(\.change).map(shown) }
        let (judged, holding) = guards.judge(prunes)
        let stored = holdForStorage(judged)
        for name in Set(judged.keys).union(verdicts.keys) where judged[name] != verdicts[name] {
            unreported.insert(name)
        }
        verdicts = judged
        if stored != storageHold {
            unreported.formUnion(stopping)
            storageHold = stored
        }
        return (holding + [stored].compactMap { $0 }).sorted { $0.guardName < $1.guardName }
    }

    /// Where the data directory cannot be written, stops wait for it or for a person.
    private func holdForStorage(_ judged: [WorkloadName: PruneGuards.Verdict]) -> Hold? {
        guard !isStorageWritable else { return nil }
        let changes = stopping.flatMap { name -> [HeldChange] in
            guard judged[name] ?? .released == .released else { return [] }
            return entries[name]?.decision.steps.filter { $0.state == .due }.compactMap(\.change).map(shown) ?? []
        }
        guard !changes.isEmpty,
            !directives.approve(changes, heldBy: WaitReason.guardStorage.rawValue)
        else { return nil }
        return Hold(.guardStorage, owner: owner, changes: changes.sorted())
    }

    // MARK: What stands in a plan

    private var actions: [PlannedAction] {
        due.sorted().flatMap { name in
            entries[name]?.steps.filter { $0.state == .due }.map(\.action) ?? []
        }
        .sorted { $0.position < $1.position }
    }

    private var wakeAt: Timestamp? { [timers.min?.at, toldNotes?.retryAt].compactMap(\.self).min() }

    /// Whether all is as it should be, and known to be.
    var isConverged: Bool {
        tally.converged == tally.counts.workloads && desired.unreadable.isEmpty && desired.problems.isEmpty
    }
}
