import CubeTypes

/// Where one slot of a readable workload stands.
enum SlotPhase: Hashable, Sendable {
    /// As declared, and ready for long enough.
    case available(TaskStatus)
    /// As declared, and not ready for long enough; the time is `nil` where it is not ready at all.
    case progressing(TaskStatus, until: Timestamp?)
    /// To be replaced.
    case outdated(OutdatedTask)
    /// Asked to stop: it keeps its slot until it is seen dead.
    case stopping(TaskStatus)
    /// Nothing lives in it and something should; the rule says why nothing does.
    case vacant(Rule)
    /// Ended well and for good.
    case done
    /// Ended badly, and is not tried again by itself.
    case failed

    /// The task that stays.
    var current: TaskStatus? {
        switch self {
        case .available(let task), .progressing(let task, _): task
        case .outdated, .stopping, .vacant, .done, .failed: nil
        }
    }
}

/// A task that is not as it is declared, and the rule that says so.
struct OutdatedTask: Hashable, Sendable {
    var task: TaskStatus
    var rule: Rule
}

/// One slot: where it stands, and what else lives in it.
///
/// Two tasks of one slot live side by side while one takes the other's place start-first.
struct Slot: Hashable, Sendable {
    let ordinal: Int
    var phase: SlotPhase
    /// What does the slot's work until its successor, of which the phase tells, is available.
    var former: OutdatedTask?
    /// Whether the successor of what is outdated failed: it is not started once more by itself.
    var isSuccessorFailed = false
    /// What lives in it and is neither of the two: its slot is taken.
    var surplus: [TaskStatus] = []

    /// Whether its work is done.
    var isAvailable: Bool { isPhaseWorking || former?.task.isServing == true }

    /// How many of its tasks work.
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

    /// Whether nothing is to be done or waited for.
    var isSettled: Bool {
        switch phase {
        case .available: former == nil
        case .done: true
        case .progressing, .outdated, .stopping, .vacant, .failed: false
        }
    }

    /// The tasks that have their place in it.
    var holders: [TaskStatus] {
        let former = former.map { [$0.task] } ?? []
        return switch phase {
        case .available(let task), .progressing(let task, _), .stopping(let task): former + [task]
        case .outdated(let outdated): [outdated.task]
        case .vacant, .done, .failed: []
        }
    }

    /// How many tasks live in it.
    var live: Int { holders.count + surplus.count }
}

extension TaskStatus {
    /// Whether it was asked to stop.
    var isStopping: Bool { state == .stopping || desired == .stop }
    /// Whether it does its work, as far as anybody knows.
    var isServing: Bool { ready && !nodeUnknown && !isStopping }
}
