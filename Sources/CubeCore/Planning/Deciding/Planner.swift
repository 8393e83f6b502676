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
    /// What was pruned lately; to be persisted before a plan is carried out, when ``Plan/windowChanged`` says so.
    package private(set) var window: GuardWindow
    /// How many names may be pruned within a while without a person's word.
    package var limits = GuardLimits()
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
    private var absent: Set<WorkloadName> = []
    private var pruning: Set<WorkloadName> = []
    /// The names that would stop something, and those with an action that is due.
    private var stopping: Set<WorkloadName> = []
    var due: Set<WorkloadName> = []
    var verdicts: [WorkloadName: PruneGuards.Verdict] = [:]
    var storageHold: Hold?
    var timers = Heap<Timer>()
    /// The revision of the memory that the last plan told of: snapshots change it between two passes.
    private var tellsMemory = 0
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
    ///   - memory: what was persisted of ``DesiredState/memory``; `nil` where there is none.
    ///   - reports: the status files as they were left, so that times of transition go on.
    ///   - oneShot: for commands that look once: one clean listing shows that a name is absent.
    package init(
        owner: OwnerName, wording: @escaping HintWording, memory: SourceMemory?, window: GuardWindow = GuardWindow(),
        reports: [WorkloadReport] = [], summary: SummaryStatus? = nil, oneShot: Bool = false
    ) {
        self.owner = owner
        self.wording = wording
        self.window = window
        desired = DesiredState(memory: memory, oneShot: oneShot)
        former = Dictionary(reports.map { ($0.status.name, $0) }) { _, last in last }
        lastSummary = summary
    }

    // MARK: What changed

    package mutating func update(_ snapshot: ManifestSnapshot) {
        let invalidGroups = desired.invalidGroups
        dirty.formUnion(desired.apply(snapshot))
        // What is left of names that were forgotten belongs to a group by its source alone.
        if desired.invalidGroups != invalidGroups { dirty.formUnion(absent) }
    }

    /// Takes a list of everything in the place of what was observed.
    package mutating func update(_ state: ObservedState) {
        desired.askAgain()
        directives = DirectiveIndex(state.owner?.directives ?? [])
        observed = state
        reconsider()
    }

    package mutating func update(_ changes: TaskChanges) {
        guard let names = observed?.apply(changes) else { return }
        dirty.formUnion(names)
        guard let owner = changes.owner else { return }
        let index = DirectiveIndex(owner.directives)
        dirty.formUnion(index.names(differingFrom: directives))
        directives = index
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
        dirty.formUnion(desired.memory.names.keys)
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
        let formerWindow = window
        window.expire(at: now, limits)
        if !desired.filesToAskFor.isEmpty {
            dirty.formUnion(desired.answer(observed.names(from: desired.filesToAskFor)))
        }
        wake(now)
        decideAll(observed, now)
        let holds = guardPrunes(now)
        var reports: [WorkloadName: WorkloadReport?] = [:]
        for name in gone where entries[name] == nil { reports[name] = .some(nil) }
        for name in dirty.union(unreported) {
            if let report = makeReport(of: name, observed, now) { reports[name] = report }
        }
        let decided = dirty.count
        dirty = []
        unreported = []
        gone = []
        forgetAbsent(now)
        dropTimers()
        var plan = Plan(
            summary: summary(holds: holds, now: now), desiredDigest: shown(desired.digest),
            observedDigest: shown(tally.observedDigest))
        plan.departures = departures
        plan.actions = access == .writing && plan.departures.isEmpty ? actions : []
        for action in plan.actions where action.rule == .prune { window.stopped(action.name, at: now) }
        if savedPlan != nil, access == .writing, plan.departures.isEmpty { hasBegunSavedPlan = true }
        plan.holds = holds
        plan.reports = reports
        plan.findings = findings
        plan.decided = decided
        plan.isConverged = isConverged
        plan.wakeAt = wakeAt
        if !absent.isEmpty { plan.listAt = desired.lookAgain }
        plan.memoryChanged = desired.memoryRevision != tellsMemory
        tellsMemory = desired.memoryRevision
        plan.windowChanged = window != formerWindow
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
            desired.stamp(name, revision: observed.revision)
            let decider = WorkloadDecider(
                declared, observed: workload, directives: told, since: desired.memory.names[name]?.since ?? 0,
                starts: starts, identity: .init(cluster: observed.cluster, owner: owner),
                awaited: declared.dependencies.filter { !isServing($0) }, wording: wording, now: now)
            decision = decider.decide()
        case .kept(let reason)?: decision = leftover.keep(reason, desired.explanation(of: reason))
        case nil:
            let kept = live.compactMap { $0.source.map(BytePath.init(text:)).flatMap(desired.keptByGroup) }.first
            decision =
                live.isEmpty
                ? nil : kept.map { leftover.keep($0, desired.explanation(of: $0)) } ?? leftover.prune()
        }
        undoLimit.wish(desired.workloads[name].map { _ in wish(of: name) }, of: name)
        if desired.workloads[name] != nil { window.returned(name) }
        let isAbsent = desired.workloads[name] == nil && (decision != nil || desired.memory.names[name] != nil)
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
    private mutating func guardPrunes(_ now: Timestamp) -> [Hold] {
        let guards = PruneGuards(
            owner: owner, absence: desired.absence(at: now), isRootReplaced: desired.isRootReplaced,
            declared: desired.workloads.count, leftovers: absent.count { entries[$0] != nil },
            memory: desired.memory.names, directives: directives, limits: limits)
        var prunes: [WorkloadName: [HeldChange]] = [:]
        for name in pruning { prunes[name] = entries[name]?.decision.steps.compactMap(\.change).map(shown) }
        let (judged, approved, holding) = guards.judge(prunes, window: window)
        let stored = holdForStorage(judged)
        // What is not done is not counted.
        if stored == nil, access == .writing {
            for (name, verdict) in judged where verdict == .released && !window.hasReleased(name) {
                window.release(name, at: now, approved: approved.contains(name))
            }
        }
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

    /// A name that is proved to be gone, with nothing of it left, is a new one when it comes back.
    private mutating func forgetAbsent(_ now: Timestamp) {
        guard !absent.isEmpty, desired.absence(at: now) == .proved, !desired.isRootReplaced || pruning.isEmpty else {
            return
        }
        for name in absent where entries[name] == nil {
            desired.forget(name)
            absent.remove(name)
        }
    }

    // MARK: What stands in a plan

    private var actions: [PlannedAction] {
        due.sorted().flatMap { name in
            entries[name]?.steps.filter { $0.state == .due }.map(\.action) ?? []
        }
        .sorted { $0.position < $1.position }
    }

    private var wakeAt: Timestamp? {
        [timers.min?.at, verdicts.values.contains(.held(.guardWindow)) ? window.expiry(limits) : nil].compactMap { $0 }
            .min()
    }

    /// Whether all is as it should be, and known to be.
    var isConverged: Bool {
        tally.converged == tally.counts.workloads && desired.unreadable.isEmpty && desired.problems.isEmpty
    }
}
