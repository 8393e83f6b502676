package import CubeErrors
package import CubeTypes

/// Holds the declared and the observed state, and decides the next actions. It makes every decision and performs no action
/// itself.
///
/// ``update(_:)-(ManifestSnapshot)`` and its siblings only record what changed. ``pass(now:)`` then decides the names that
/// changed or whose timers have fired, so its cost is proportional to the change. A pass after ``reconsider()``, which decides
/// every name, yields the same plan.
///
/// Times must come from a clock that does not jump while the program runs.
package struct Planner: Sendable {
    private(set) var inputs: PlannerInputs
    /// The saved plan to carry out; `nil` if everything that is declared is carried out.
    private(set) var saved: SavedPlanRun?

    // Held between passes.
    var work = PassWork()
    var index = DecisionIndex()
    var verdicts = GuardVerdicts()
    var history = ActionHistory()
    var former: FormerStatus

    /// The verdicts of the guards in the last pass.
    struct GuardVerdicts: Sendable {
        var prunes: [WorkloadName: PruneGuards.Verdict] = [:]
        /// The hold on all stops while the data directory is not writable.
        var storage: Hold?
    }

    /// The status that people saw before the next pass.
    struct FormerStatus: Sendable {
        /// The reports of an earlier process, until this one has decided their names.
        var reports: [WorkloadName: WorkloadReport]
        var summary: SummaryStatus?
    }

    /// - Parameters:
    ///   - wording: renders the hints in messages.
    ///   - reports: the reports of an earlier process, so that transition times are preserved.
    ///   - oneShot: whether one clean listing proves that a name is absent. For commands that list the source only once.
    package init(
        owner: OwnerName, wording: @escaping HintWording, reports: [WorkloadReport] = [],
        summary: SummaryStatus? = nil, oneShot: Bool = false
    ) {
        inputs = PlannerInputs(owner: owner, wording: wording, oneShot: oneShot)
        former = FormerStatus(
            reports: Dictionary(reports.map { ($0.status.name, $0) }) { _, last in last }, summary: summary)
    }

    // MARK: Inputs

    package var owner: OwnerName { inputs.owner }
    package var desired: DesiredState { inputs.desired }
    package var observed: ObservedState? { inputs.observed }

    package var access: WriteAccess {
        get { inputs.access }
        set { inputs.access = newValue }
    }

    /// Whether the data directory is writable. While it is not, no task is stopped without an approval.
    package var isStorageWritable: Bool {
        get { inputs.isStorageWritable }
        set { inputs.isStorageWritable = newValue }
    }

    /// The saved plan to carry out; only its actions are permitted. `nil` if everything that is declared is carried out.
    package var savedPlan: PlanDocument? {
        get { saved?.document }
        set { saved = newValue.map(SavedPlanRun.init) }
    }

    package mutating func update(_ snapshot: ManifestSnapshot) { decideAgain(inputs.update(snapshot)) }

    /// Replaces the observed state with a complete list.
    package mutating func update(_ state: ObservedState) { decideAgain(inputs.update(state)) }

    /// Adds changes to the observed state.
    package mutating func update(_ changes: TaskChanges) { decideAgain(inputs.update(changes)) }

    /// Replaces what registries have that is newer than the manifests.
    package mutating func update(_ images: [WorkloadName: NewerImage]) { decideAgain(inputs.update(images)) }

    /// The images for which newer ones are looked for.
    package var watchedImages: [WorkloadName: WatchedImage] { inputs.watchedImages }

    private mutating func decideAgain(_ names: PlannerInputs.AffectedNames) {
        switch names {
        case .all: reconsider()
        case .some(let names): work.undecided.formUnion(names)
        }
    }

    /// Makes the next pass decide all names anew.
    package mutating func reconsider() {
        work.undecided.formUnion(index.entries.keys)
        work.undecided.formUnion(desired.workloads.keys)
        work.undecided.formUnion(observed?.workloads.keys ?? [:].keys)
        work.undecided.formUnion(former.reports.keys)
    }

    // MARK: Calls to the manager

    /// Records that the notes of a plan are being sent to the manager.
    package mutating func willSend(_ notes: SourceNotes, at now: Timestamp) { history.willSend(notes, at: now) }

    /// Records that a request with these actions is being sent.
    package mutating func willSend(_ actions: [PlannedAction], at now: Timestamp) { history.willSend(actions, at: now) }

    /// Records the manager's answer to an action, whether a success or an error, and the cluster revision of the answer.
    package mutating func answered(_ action: PlannedAction, at now: Timestamp, revision: Int, error: APIError? = nil) {
        history.answered(
            action, for: inputs.intent(for: action.name), at: now, revision: revision, error: error)
        work.unreported.insert(action.name)
    }

    // MARK: The pass

    package mutating func pass(now: Timestamp) -> Plan {
        // 1. Can this reconciler see the source and the cluster? If not, it decides nothing.
        guard let observed = inputs.visibleCluster else { return emptyPlan(holds: [], now: now) }

        // 2. Which names must be decided, because they changed or their time has come?
        work.undecided.formUnion(index.takeFiredTimers(at: now))

        // 3. What does each of these names need, and which of their dependents and dependencies does that affect?
        decideNames(observed, now)

        // 4. Which prunes and stops do the guards permit?
        let holds = judgePrunes(observed, now) + judgeStops()

        // 5. Which steps of a name are due now, given the guards and the answers to earlier actions, and what do people see?
        let reports = makeReports(observed, now)

        // 6. What must the manager know about the source that it does not know yet?
        let notes = missingNotes(observed, now)

        // 7. What do people see of the owner as a whole?
        var plan = emptyPlan(holds: holds.sorted { $0.guardName < $1.guardName }, now: now)
        plan.reports = reports
        plan.findings = findings
        plan.isConverged = isConverged

        // 8. Can the saved plan still be carried out, if there is one?
        plan.departures = departures

        // 9. May this reconciler write at all?
        let mayWrite = inputs.access == .writing
        if mayWrite, plan.departures.isEmpty {
            plan.actions = index.dueActions
            saved?.hasBegun = true
        }
        if mayWrite, history.sentNotes == nil { plan.notes = notes }
        plan.lacksNotes = mayWrite && !notes.isEmpty

        // 10. When is the next pass due if nothing changes, and when the next look at the source?
        plan.wakeAt = [index.nextTimer(), history.sentNotes?.retryAt].compactMap(\.self).min()
        if !index.absent.isEmpty { plan.listAt = desired.lookAgain }
        plan.decided = work.undecided.count
        work = PassWork()
        return plan
    }
}
