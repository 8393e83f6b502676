import CubeJSON
import CubeTypes
import HeapModule

/// The decisions about all names, and the sets and totals over them. It is held between passes and updated name by name, so that
/// the cost of a pass is proportional to the change.
struct DecisionIndex: Sendable {
    private(set) var entries: [WorkloadName: Entry] = [:]
    private(set) var tally = Tally()
    /// The undeclared names that still have live tasks or slot records to withdraw.
    private(set) var absent: Set<WorkloadName> = []
    /// The names that have a task to prune.
    private(set) var pruning: Set<WorkloadName> = []
    /// The names whose decision has a due stop.
    private(set) var stopping: Set<WorkloadName> = []
    /// The names with an action that is due after the guards judged it.
    private(set) var due: Set<WorkloadName> = []
    /// The declarations of live tasks that the manager lacks, by name.
    private(set) var declarations: [WorkloadName: [Declaration]] = [:]
    /// The conditions of names whose images differ from what their manifests or tags mean, or could be newer.
    private(set) var imageConditions: [WorkloadName: [Condition]] = [:]
    private var timers = Heap<Timer>()

    /// The state of one name.
    struct Entry: Hashable, Sendable {
        var decision: Decision
        /// The decision's steps, in the states that result from the guards.
        var steps: [Step] = []
        var report: WorkloadReport?
        var wakeAt: Timestamp?
        var observedSum = SetDigest()
        var starts = StartTimes()
    }

    private struct Timer: Comparable {
        var at: Timestamp
        var name: WorkloadName

        static func < (left: Timer, right: Timer) -> Bool { left.at < right.at }
    }

    /// The outcome of deciding one name.
    struct Outcome {
        /// The decision; `nil` if the name is not declared and has no live task.
        var decision: Decision?
        var live: [TaskStatus]
        var starts: StartTimes
        /// Whether the name is not declared, and still has live tasks or slot records to withdraw.
        var isAbsent: Bool
        var declarations: [Declaration]?
    }

    // MARK: Decisions

    /// Whether the dependents of a name could proceed at its last decision.
    func isServing(_ name: WorkloadName) -> Bool { entries[name]?.decision.isServing ?? false }

    /// Whether a name had a live task at its last decision.
    func lives(_ name: WorkloadName) -> Bool { (entries[name]?.decision.replicas.live ?? 0) > 0 }

    /// Records the outcome of deciding a name. Its steps and report remain those of the last decision until ``update(_:to:at:)``.
    mutating func set(_ name: WorkloadName, to outcome: Outcome) {
        let decision = outcome.decision
        declarations[name] = outcome.declarations
        absent.set(name, outcome.isAbsent)
        pruning.set(name, decision?.prunes ?? false)
        stopping.set(name, decision?.stops ?? false)
        if let old = entries[name] { tally.remove(observed: old.observedSum) }
        guard let decision else { return }
        let sum = SetDigest(of: outcome.live, of: name)
        tally.add(observed: sum)
        var entry = entries[name] ?? Entry(decision: decision)
        (entry.decision, entry.observedSum, entry.starts) = (decision, sum, outcome.starts)
        entries[name] = entry
    }

    /// Removes the entry of a name without a decision.
    ///
    /// - Returns: whether the name had a report.
    mutating func remove(_ name: WorkloadName) -> Bool {
        due.remove(name)
        imageConditions[name] = nil
        guard let report = entries.removeValue(forKey: name)?.report else { return false }
        tally.remove(report)
        return true
    }

    /// Replaces the entry of a name after its report was made.
    mutating func update(_ name: WorkloadName, to entry: Entry, at now: Timestamp) {
        let old = entries[name]
        if let report = old?.report { tally.remove(report) }
        if let report = entry.report { tally.add(report) }
        if let wakeAt = entry.wakeAt, wakeAt != old?.wakeAt || wakeAt <= now {
            timers.insert(Timer(at: wakeAt, name: name))
        }
        let conditions =
            entry.report?.status.conditions.filter { [.imageMoved, .imageOutdated].contains($0.type) } ?? []
        imageConditions[name] = conditions.isEmpty ? nil : conditions
        due.set(name, entry.steps.contains { $0.state == .due })
        entries[name] = entry
    }

    /// The actions that are due after the guards judged them, in the order of execution.
    var dueActions: [PlannedAction] {
        due.sorted().flatMap { name in
            entries[name]?.steps.filter { $0.state == .due }.map(\.action) ?? []
        }
        .sorted { $0.position < $1.position }
    }

    // MARK: Timers

    /// Removes the timers that have fired.
    ///
    /// - Returns: the names to decide again.
    mutating func takeFiredTimers(at now: Timestamp) -> Set<WorkloadName> {
        var names: Set<WorkloadName> = []
        while let timer = timers.min, timer.at <= now {
            timers.removeMin()
            if entries[timer.name]?.wakeAt == timer.at { names.insert(timer.name) }
        }
        return names
    }

    /// Returns the time at which the next timer fires. Drops outdated timers before it.
    mutating func nextTimer() -> Timestamp? {
        while let timer = timers.min, entries[timer.name]?.wakeAt != timer.at { timers.removeMin() }
        return timers.min?.at
    }
}

extension SetDigest {
    /// The digest of the live tasks of a name, made of the slot and spec digest of each.
    fileprivate init(of live: [TaskStatus], of name: WorkloadName) {
        self.init()
        for task in live {
            self += SetDigest(
                of: .array([
                    .string(name.rawValue), .integer(Int64(task.ordinal)), .string(task.specDigest.rawValue),
                ]))
        }
    }
}
