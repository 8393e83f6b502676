package import CubeErrors
import CubeJSON
package import CubeTypes
import HeapModule

/// Holds the declared and the observed state, and decides the next actions. It makes every decision and performs no action
/// itself.
///
/// ``update(_:)-(ManifestSnapshot)`` and its siblings only record what changed. ``pass(now:)`` then decides the names that
/// changed or whose timers have fired, so its cost is proportional to the change. A pass after ``reconsider()``, which decides
/// every name, yields the same plan.
///
/// Times must come from a clock that does not jump while the program runs.
package struct Planner: Sendable {
    package let owner: OwnerName
    /// Renders the hints in messages.
    let wording: HintWording
    package private(set) var desired: DesiredState
    package private(set) var observed: ObservedState?
    package var access: WriteAccess = .writing
    /// Whether the data directory is writable. While it is not, no task is stopped without an approval.
    package var isStorageWritable = true
    /// The saved plan to carry out; only its actions are permitted. `nil` if everything that is declared is carried out.
    package var savedPlan: PlanDocument? {
        didSet { plannedPrunes = Set(savedPlan?.workloads.filter(\.prunes).map(\.name) ?? []) }
    }
    /// The names that ``savedPlan`` prunes.
    var plannedPrunes: Set<WorkloadName> = []
    /// Whether the planner has released actions of ``savedPlan``. From then on, the live tasks differ from those in the saved
    /// plan.
    private var hasBegunSavedPlan = false

    var entries: [WorkloadName: Entry] = [:]
    var tally = Tally()
    var lastSummary: SummaryStatus?
    var former: [WorkloadName: WorkloadReport]
    private var directives = DirectiveIndex()
    var backoff = ActionBackoff()
    var undoLimit = UndoLimit()
    var retries = RetryThrottle()
    /// `dirty` holds the names to decide. `unreported` holds the names whose decision stands, but whose verdict or answers
    /// changed.
    private var dirty: Set<WorkloadName> = []
    private var unreported: Set<WorkloadName> = []
    /// The undeclared names that still have live tasks or slot records to withdraw. `pruning` holds the names that have a task to
    /// prune.
    var absent: Set<WorkloadName> = []
    private var pruning: Set<WorkloadName> = []
    /// `stopping` holds the names whose decision has a due stop; `due` holds the names with an action that is due after the
    /// guards judged it.
    private var stopping: Set<WorkloadName> = []
    var due: Set<WorkloadName> = []
    var verdicts: [WorkloadName: PruneGuards.Verdict] = [:]
    var storageHold: Hold?
    var timers = Heap<Timer>()
    /// The declarations of live tasks that the manager lacks, by name.
    var declarations: [WorkloadName: [Declaration]] = [:]
    /// The notes that were sent last, and the time at which they may be sent again if they had no effect.
    var toldNotes: (notes: SourceNotes, retryAt: Timestamp)?
    /// The names of which nothing is left. The next plan reports them as gone.
    private var gone: Set<WorkloadName> = []

    /// The planner's state of one name.
    struct Entry: Hashable, Sendable {
        var decision: Decision
        /// The decision's steps, in the states that result from the guards.
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
    ///   - wording: renders the hints in messages.
    ///   - reports: the reports of an earlier process, so that transition times are preserved.
    ///   - oneShot: whether one clean listing proves that a name is absent. For commands that list the source only once.
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

    // MARK: Updates

    package mutating func update(_ snapshot: ManifestSnapshot) {
        dirty.formUnion(desired.apply(snapshot))
    }

    /// Replaces the observed state with a complete list.
    package mutating func update(_ state: ObservedState) {
        directives = DirectiveIndex(state.owner?.directives ?? [])
        observed = state
        learnAll(state)
    }

    /// Updates what the cluster knows about every name.
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
        // A name whose entry in the guard window appeared, changed or ended may need other notes.
        dirty.formUnion(Set(owner.pruned).symmetricDifference(former?.pruned ?? []).map(\.name))
        desired.knownRoot = owner.root
        if owner.claimedRevision != former?.claimedRevision { learnAll(observed) }
    }

    /// Records that the notes of a plan are being sent to the manager.
    package mutating func tells(_ notes: SourceNotes, at now: Timestamp) {
        if !notes.isEmpty { toldNotes = (notes, now + Self.notesPause) }
    }

    /// Records that a request with these actions is being sent.
    package mutating func calls(_ actions: [PlannedAction], at now: Timestamp) {
        if actions.contains(where: { backoff[$0] != nil }) { retries.spend(at: now) }
    }

    /// Records the manager's answer to an action, whether a success or an error, and the cluster revision of the answer.
    package mutating func answered(_ action: PlannedAction, at now: Timestamp, revision: Int, error: APIError? = nil) {
        backoff.answered(action, at: now, revision: revision, error: error)
        if error == nil, backoff[action]?.tries == 1 {
            undoLimit.done(action, wish: wish(of: action.name), at: now)
        }
        unreported.insert(action.name)
    }

    /// Makes the next pass decide all names anew.
    package mutating func reconsider() {
        dirty.formUnion(entries.keys)
        dirty.formUnion(desired.workloads.keys)
        dirty.formUnion(observed?.workloads.keys ?? [:].keys)
        dirty.formUnion(former.keys)
    }

    // MARK: Digests for people

    /// Returns a digest in the form that people see in files, plans and holds.
    func shown(_ digest: Digest) -> Digest { observed?.digestKey?.keyed(digest) ?? digest }

    private func shown(_ change: HeldChange) -> HeldChange {
        observed?.digestKey.map(change.keyed(by:)) ?? change
    }

    // MARK: Passes

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

    /// The changes since the saved plan was made, in words. If there are any, the plan cannot be carried out.
    private var departures: [String] {
        guard let savedPlan else { return [] }
        return hasBegunSavedPlan ? declaredDepartures(from: savedPlan) : departures(from: savedPlan)
    }

    /// Marks the names whose timers have fired as dirty.
    private mutating func wake(_ now: Timestamp) {
        while let timer = timers.min, timer.at <= now {
            timers.removeMin()
            if entries[timer.name]?.wakeAt == timer.at { dirty.insert(timer.name) }
        }
    }

    /// Drops outdated timers from the front of the heap, so that the earliest timer is one that still counts.
    private mutating func dropTimers() {
        while let timer = timers.min, entries[timer.name]?.wakeAt != timer.at { timers.removeMin() }
    }

    /// Decides the dirty names. Whenever a name starts or stops serving, its dependents are decided too; whenever a name gains
    /// its first live task or loses its last one, its absent dependencies are decided too. This ends, because names in a
    /// dependency cycle are kept unchanged.
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

    /// Returns whether a name had a live task at its last decision.
    private func lives(_ name: WorkloadName) -> Bool { (entries[name]?.decision.replicas.live ?? 0) > 0 }

    /// Decides one name from its declared and observed state, and updates the sets that index the decision.
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

    /// Returns a name's declaration and the directives that people gave for the name.
    private func wish(of name: WorkloadName) -> UndoLimit.Wish {
        let told = directives.names[name] ?? .none
        return UndoLimit.Wish(declared: desired.element(of: name), directives: [told.retry, told.restart])
    }

    /// Removes a name that is not declared and has no live task.
    private mutating func withdraw(_ name: WorkloadName) {
        backoff.keep([], of: name)
        due.remove(name)
        if let report = entries.removeValue(forKey: name)?.report {
            tally.remove(report)
            gone.insert(name)
        }
        if former.removeValue(forKey: name) != nil { gone.insert(name) }
    }

    /// Lets the guards judge all prunes, and marks the names whose verdict changed for a new report.
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

    /// Returns the hold on all stops while the data directory is not writable; `nil` if it is writable, nothing would be stopped,
    /// or a person approved the stops.
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

    // MARK: Contents of a plan

    private var actions: [PlannedAction] {
        due.sorted().flatMap { name in
            entries[name]?.steps.filter { $0.state == .due }.map(\.action) ?? []
        }
        .sorted { $0.position < $1.position }
    }

    private var wakeAt: Timestamp? { [timers.min?.at, toldNotes?.retryAt].compactMap(\.self).min() }

    /// Whether every workload is known to be in its declared state.
    var isConverged: Bool {
        tally.converged == tally.counts.workloads && desired.unreadable.isEmpty && desired.problems.isEmpty
    }
}
