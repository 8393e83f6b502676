import CubeTypes

/// Where one slot of a readable workload stands.
enum SlotPhase: Hashable, Sendable {
    /// As declared, and ready for long enough.
    case available(TaskStatus)
    /// As declared, and not ready for long enough; the time is `nil` where it is not ready at all.
    case settling(TaskStatus, until: Timestamp?)
    /// To be replaced.
    case outdated(TaskStatus, Rule)
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
        case .available(let task), .settling(let task, _): task
        case .outdated, .stopping, .vacant, .done, .failed: nil
        }
    }

    /// Whether it does its work.
    var isAvailable: Bool {
        switch self {
        case .available, .done: true
        case .outdated(let task, _): task.ready && !task.nodeUnknown
        case .settling, .stopping, .vacant, .failed: false
        }
    }
}

/// The one that decides where slots stand: a workload, with all that concerns it.
struct SlotRules {
    let workload: Workload
    let slots: [Int: SlotStatus]
    /// What ended last, by slot.
    let ended: [Int: TaskStatus]
    let directives: NameDirectives
    /// What ended before this revision is history: the name came later.
    let since: Int
    let starts: StartTimes
    let now: Timestamp

    /// - Parameter task: what lives in the slot.
    func phase(of ordinal: Int, task: TaskStatus?) -> SlotPhase {
        guard let task else { return vacancy(slots[ordinal], ended[ordinal]) }
        if task.isStopping { return .stopping(task) }
        if task.specDigest != workload.specDigest { return .outdated(task, .specChanged) }
        if let restart = directives.restart, task.createdRevision < restart { return .outdated(task, .restart) }
        guard task.ready, !task.nodeUnknown else { return .settling(task, until: nil) }
        // A job is done when it has ended: nobody waits for it to have run for a while.
        guard workload.definition.kind != .job, let started = starts.start(of: task) else { return .available(task) }
        let until = started + workload.update.minHealthy
        return until <= now ? .available(task) : .settling(task, until: until)
    }

    private func vacancy(_ slot: SlotStatus?, _ ended: TaskStatus?) -> SlotPhase {
        guard let slot, slot.next > 0 else { return .vacant(.notStarted) }
        let isAsked = [directives.retry, directives.restart].contains { ($0 ?? -1) >= slot.endedRevision }
        let isDone = slot.completed.contains(workload.specDigest)
        if isDone, workload.definition.kind == .job {
            // A restart means what runs; only `retry` runs a job again that completed.
            return (directives.retry ?? -1) >= slot.endedRevision ? .vacant(.retry) : .done
        }
        guard slot.lastDigest == workload.specDigest else { return .vacant(.specChanged) }
        switch slot.last {
        case .failed?:
            if isAsked { return .vacant(.retry) }
            // Its manifest changed, if only in what would be changed in place: a restart policy may be the remedy.
            if let ended, ended.settingsDigest != workload.settingsDigest { return .vacant(.settingsChanged) }
            return slot.endedRevision > since ? .failed : .vacant(.notRunning)
        case .completed?:
            if isAsked { return .vacant(.retry) }
            return slot.endedRevision > since || workload.definition.kind == .job ? .done : .vacant(.notRunning)
        default: return .vacant(.notRunning)
        }
    }
}

extension TaskStatus {
    /// Whether it was asked to stop.
    var isStopping: Bool { state == .stopping || desired == .stop }
}
