import CubeTypes

/// When tasks began, by our own clock where the worker's is ahead of it: a task that says that it began in the future
/// counts from when it was first seen, or a step of the wall clock would hold up every rollout.
struct StartTimes: Hashable, Sendable {
    private struct Sight: Hashable, Sendable {
        var run: Int
        var at: Timestamp
    }

    private var sights: [TaskID: Sight] = [:]
    /// When tasks were seen first that the manager says it accepted in the future.
    private var births: [TaskID: Timestamp] = [:]

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
            } else if let started = task.startedAt, started > now {
                sights[task.id] = Sight(run: task.run, at: now)
            }
        }
    }

    func creation(of task: TaskStatus) -> Timestamp { births[task.id] ?? task.createdAt }

    func start(of task: TaskStatus) -> Timestamp? { sights[task.id]?.at ?? task.startedAt }
}
