import CubeTypes

/// The phase of one slot of a readable workload.
enum SlotPhase: Hashable, Sendable {
    /// Its task is as declared and has been ready for the required time.
    case available(TaskStatus)
    /// Its task is as declared but has not been ready for the required time. `until` is the end of that time; `nil` if the task
    /// is not ready.
    case progressing(TaskStatus, until: Timestamp?)
    /// Its task is to be replaced.
    case outdated(OutdatedTask)
    /// Its task was asked to stop, and keeps the slot until it is observed to have ended.
    case stopping(TaskStatus)
    /// It has no live task but should have one. The rule says why it has none.
    case vacant(Rule)
    /// Its task completed, and is not started again without intervention.
    case done
    /// Its task failed, and is not retried without intervention.
    case failed

    /// The task that is as declared and stays.
    var current: TaskStatus? {
        switch self {
        case .available(let task), .progressing(let task, _): task
        case .outdated, .stopping, .vacant, .done, .failed: nil
        }
    }
}

/// A task that is to be replaced, and the rule for replacing it.
struct OutdatedTask: Hashable, Sendable {
    var task: TaskStatus
    var rule: Rule
}

/// One slot: its phase, and the other tasks that live in it.
///
/// Two tasks of a slot live side by side while one replaces the other start-first.
struct Slot: Hashable, Sendable {
    let ordinal: Int
    var phase: SlotPhase
    /// The outdated task that stays until its successor is available. ``phase`` describes the successor.
    var former: OutdatedTask?
    /// Whether the successor of an outdated task failed. Such a successor is not started again without intervention.
    var isSuccessorFailed = false
    /// The live tasks besides the slot's current task and ``former``. They are to be stopped.
    var surplus: [TaskStatus] = []

    /// Whether the slot does its work: its current task is available, an outdated task is serving, or the slot is done.
    var isAvailable: Bool { isPhaseWorking || former?.task.isServing == true }

    /// The number of its tasks that work. A slot that is done counts as one.
    var working: Int {
        (isPhaseWorking ? 1 : 0) + (former?.task.isServing == true ? 1 : 0) + surplus.count { $0.isServing }
    }

    private var isPhaseWorking: Bool {
        switch phase {
        case .available, .done: true
        case .outdated(let outdated): outdated.task.isServing
        case .progressing, .stopping, .vacant, .failed: false
        }
    }

    /// Whether the slot needs neither an action nor time.
    var isSettled: Bool {
        switch phase {
        case .available: former == nil
        case .done: true
        case .progressing, .outdated, .stopping, .vacant, .failed: false
        }
    }

    /// The live tasks that occupy the slot, without the surplus.
    var holders: [TaskStatus] {
        let former = former.map { [$0.task] } ?? []
        return switch phase {
        case .available(let task), .progressing(let task, _), .stopping(let task): former + [task]
        case .outdated(let outdated): [outdated.task]
        case .vacant, .done, .failed: []
        }
    }

    /// The number of its live tasks.
    var live: Int { holders.count + surplus.count }
}

extension TaskStatus {
    /// Whether the task was asked to stop.
    var isStopping: Bool { state == .stopping || desired == .stop }
    /// Whether the task is ready, its node is not silent, and it was not asked to stop.
    var isServing: Bool { ready && !nodeUnknown && !isStopping }
}
