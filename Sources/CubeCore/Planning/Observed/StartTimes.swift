import CubeTypes

/// Since when tasks live and work, by our own clock.
///
/// The times that the manager and the worker tell are of wall clocks, which jump. They count only for what was there already when
/// it was looked at first, and not where they lie in the future. What comes later counts from when it was seen.
struct StartTimes: Hashable, Sendable {
    private struct Sight: Hashable, Sendable {
        var run: Int
        var at: Timestamp
    }

    private var hasLooked = false
    /// When tasks were accepted.
    private var births: [TaskID: Timestamp] = [:]
    /// When the runs of tasks became ready.
    private var sights: [TaskID: Sight] = [:]
    /// When tasks were seen first that are to stop.
    private var stops: [TaskID: Timestamp] = [:]

    /// How long after its grace a task may take to be seen dead.
    static let stopPatience: Duration = .seconds(60)

    init() {}

    /// Takes note of what lives now, and forgets what does not.
    mutating func note(_ live: [TaskStatus], at now: Timestamp) {
        let (formerBirths, formerSights, formerStops) = (births, sights, stops)
        (births, sights, stops) = ([:], [:], [:])
        for task in live {
            births[task.id] = formerBirths[task.id] ?? (hasLooked ? now : min(task.createdAt, now))
            if task.isStopping { stops[task.id] = formerStops[task.id] ?? now }
            guard task.ready else { continue }
            if let sight = formerSights[task.id], sight.run == task.run {
                sights[task.id] = sight
            } else {
                sights[task.id] = Sight(run: task.run, at: hasLooked ? now : min(task.startedAt ?? now, now))
            }
        }
        hasLooked = true
    }

    func creation(of task: TaskStatus) -> Timestamp { births[task.id] ?? task.createdAt }

    func start(of task: TaskStatus) -> Timestamp? { sights[task.id]?.at ?? task.startedAt }

    /// When the stop of a task is overdue; `nil` where none was asked for, or nobody can know.
    func stopDeadline(of task: TaskStatus) -> Timestamp? {
        guard !task.nodeUnknown else { return nil }
        return stops[task.id].map { $0 + task.definition.stop.grace + Self.stopPatience }
    }

    /// The first of these that should have ended long ago.
    func overdueStop(among live: [TaskStatus], at now: Timestamp, _ wording: HintWording) -> Standstill? {
        live.first { stopDeadline(of: $0).map { $0 <= now } ?? false }.map { task in
            Standstill(
                reason: "stop_overdue",
                message:
                    "\(task.slotText) was asked to stop, but has not ended \(Self.stopPatience.text) after its grace period of "
                    + "\(task.definition.stop.grace.text); \(wording(.showTask(task.id))) shows where it is")
        }
    }

    /// When the next of these stops is overdue.
    func nextStopDeadline(among live: [TaskStatus], after now: Timestamp) -> Timestamp? {
        live.compactMap(stopDeadline).filter { $0 > now }.min()
    }
}
