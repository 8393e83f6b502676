import CubeTypes

/// Since when tasks work, by our own clock where they were seen to become ready, which may be long after they began; else by
/// the worker's. What says that it began in the future counts from when it was first seen, or a step of the wall clock would
/// hold up every rollout.
struct StartTimes: Hashable, Sendable {
    private struct Sight: Hashable, Sendable {
        var run: Int
        var at: Timestamp
    }

    private var sights: [TaskID: Sight] = [:]
    /// What lived and was not ready when it was looked at last.
    private var unready: Set<TaskID> = []
    /// When tasks were seen first that the manager says it accepted in the future.
    private var births: [TaskID: Timestamp] = [:]

    /// When tasks were seen first that are to stop.
    private var stops: [TaskID: Timestamp] = [:]

    /// How long after its grace a task may take to be seen dead.
    static let stopPatience: Duration = .seconds(60)

    init() {}

    /// Takes note of what lives now, and forgets what does not.
    mutating func note(_ live: [TaskStatus], at now: Timestamp) {
        let former = sights
        sights = [:]
        let formerBirths = births
        births = [:]
        for task in live where formerBirths[task.id] != nil || task.createdAt > now {
            births[task.id] = formerBirths[task.id] ?? now
        }
        for task in live where task.ready {
            if let sight = former[task.id], sight.run == task.run {
                sights[task.id] = sight
            } else if unready.contains(task.id) || task.startedAt.map({ $0 > now }) ?? false {
                sights[task.id] = Sight(run: task.run, at: now)
            }
        }
        let formerStops = stops
        stops = [:]
        for task in live where task.isStopping { stops[task.id] = formerStops[task.id] ?? now }
        unready = Set(live.lazy.filter { !$0.ready }.map(\.id))
    }

    func creation(of task: TaskStatus) -> Timestamp { births[task.id] ?? task.createdAt }

    func start(of task: TaskStatus) -> Timestamp? { sights[task.id]?.at ?? task.startedAt }

    /// When the stop of a task is overdue; `nil` where none was asked for, or nobody can know.
    func stopDeadline(of task: TaskStatus) -> Timestamp? {
        guard !task.nodeUnknown else { return nil }
        return stops[task.id].map { $0 + task.definition.stop.grace + Self.stopPatience }
    }

    /// The first of these that should have ended long ago.
    func overdueStop(among live: [TaskStatus], at now: Timestamp) -> Standstill? {
        live.first { stopDeadline(of: $0).map { $0 <= now } ?? false }.map { task in
            Standstill(
                reason: "stop_overdue",
                message:
                    "\(task.slotText) was asked to stop, and is not seen dead \(Self.stopPatience.text) after its grace of "
                    + "\(task.definition.stop.grace.text); cube task show \(task.id) says where it is")
        }
    }

    /// When the next of these stops is overdue.
    func nextStopDeadline(among live: [TaskStatus], after now: Timestamp) -> Timestamp? {
        live.compactMap(stopDeadline).filter { $0 > now }.min()
    }
}
