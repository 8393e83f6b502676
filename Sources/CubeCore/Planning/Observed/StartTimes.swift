import CubeTypes

/// The times at which tasks were created, became ready and were asked to stop, by the local clock.
///
/// The times that managers and workers report come from wall clocks, which can jump. They are used only for tasks that already
/// existed at the first observation, and only if they are not in the future. For later events, the time of the observation is
/// used.
struct StartTimes: Hashable, Sendable {
    private struct Readiness: Hashable, Sendable {
        var run: Int
        var at: Timestamp
    }

    private var hasObserved = false
    /// When tasks were accepted.
    private var creations: [TaskID: Timestamp] = [:]
    /// When the runs of tasks became ready.
    private var readiness: [TaskID: Readiness] = [:]
    /// When tasks were first observed to be stopping.
    private var stops: [TaskID: Timestamp] = [:]

    /// How long after its grace period a stopping task may take to end before the stop is overdue.
    static let stopPatience: Duration = .seconds(60)

    init() {}

    /// Records the live tasks, and forgets all others.
    mutating func note(_ live: [TaskStatus], at now: Timestamp) {
        let (formerCreations, formerReadiness, formerStops) = (creations, readiness, stops)
        (creations, readiness, stops) = ([:], [:], [:])
        for task in live {
            creations[task.id] = formerCreations[task.id] ?? (hasObserved ? now : min(task.createdAt, now))
            if task.isStopping { stops[task.id] = formerStops[task.id] ?? now }
            guard task.ready else { continue }
            if let known = formerReadiness[task.id], known.run == task.run {
                readiness[task.id] = known
            } else {
                readiness[task.id] = Readiness(run: task.run, at: hasObserved ? now : min(task.startedAt ?? now, now))
            }
        }
        hasObserved = true
    }

    func creation(of task: TaskStatus) -> Timestamp { creations[task.id] ?? task.createdAt }

    func start(of task: TaskStatus) -> Timestamp? { readiness[task.id]?.at ?? task.startedAt }

    /// Returns the time at which the stop of a task is overdue; `nil` if no stop was requested, or the node is silent.
    func stopDeadline(of task: TaskStatus) -> Timestamp? {
        guard !task.nodeUnknown else { return nil }
        return stops[task.id].map { $0 + task.definition.stop.grace + Self.stopPatience }
    }

    /// Returns a standstill for the first task whose stop is overdue.
    func overdueStop(among live: [TaskStatus], at now: Timestamp, _ wording: HintWording) -> Standstill? {
        live.first { stopDeadline(of: $0).map { $0 <= now } ?? false }.map { task in
            Standstill(
                reason: "stop_overdue",
                message:
                    "\(task.slotText) has not stopped \(Self.stopPatience.text) after its grace period of "
                    + "\(task.definition.stop.grace.text) ended; \(wording(.showTask(task.id))) shows its node")
        }
    }

    /// Returns the next time at which a stop is overdue.
    func nextStopDeadline(among live: [TaskStatus], after now: Timestamp) -> Timestamp? {
        live.compactMap(stopDeadline).filter { $0 > now }.min()
    }
}
