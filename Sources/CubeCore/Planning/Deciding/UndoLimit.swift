import CubeTypes

/// A limit on actions that are repeated because someone undoes them. Without it, two writers would undo each other's changes
/// forever.
///
/// Only actions of this planner count, and only while the declaration and directives stay the same: a changed manifest, a `retry`
/// or a `restart` resets the count. Tasks that fail on their own are not started again in any case.
struct UndoLimit: Hashable, Sendable {
    /// The number of times that the same action must have been done within ``window`` before its name is held.
    static let limit = 3
    static let window: Duration = .seconds(600)

    /// What people want for a name: its declaration and the revisions of its directives.
    struct Intent: Hashable, Sendable {
        var declared: SetDigest
        var directives: [Int?]
    }

    /// A start or a change that needs to be done only once unless someone undoes it.
    private enum Deed: Hashable, Sendable {
        case start(ordinal: Int, Digest)
        case change(TaskID, Digest)

        /// - Returns: `nil` for a stop. Nobody can undo a stop, because a task that is started afterwards is another task.
        init?(_ action: PlannedAction) {
            switch action.operation {
            case .schedule(let proposal, _): self = .start(ordinal: proposal.ordinal, proposal.specDigest)
            case .update(let update): self = .change(update.id, update.to)
            case .stop: return nil
            }
        }
    }

    private struct Record: Hashable, Sendable {
        let intent: Intent
        var deeds: [Deed: [Timestamp]] = [:]
        var complaint: String?
    }

    private var records: [WorkloadName: Record] = [:]

    /// Forgets the recorded actions of a name unless they were done for the same intent; `nil` if the name is not declared.
    mutating func reset(_ name: WorkloadName, unless intent: Intent?) {
        if let record = records[name], record.intent != intent { records[name] = nil }
    }

    /// Records that an action was done.
    mutating func done(_ action: PlannedAction, for intent: Intent, at now: Timestamp) {
        guard let deed = Deed(action) else { return }
        var record = records[action.name] ?? Record(intent: intent)
        let times = (record.deeds[deed] ?? []).filter { $0 + Self.window > now }
        record.deeds[deed] = times.suffix(Self.limit - 1) + [now]
        records[action.name] = record
    }

    /// Returns why a name is held: one of its steps would repeat an action that was done too often. The name then stays held.
    mutating func complaint(
        about name: WorkloadName, planning steps: [Step], at now: Timestamp, _ wording: HintWording
    ) -> String? {
        guard let record = records[name] else { return nil }
        if record.complaint != nil { return record.complaint }
        let contested = steps.lazy.filter { $0.state != .inFlight }.map(\.action).first { action in
            let times = Deed(action).flatMap { record.deeds[$0] } ?? []
            return times.count { $0 + Self.window > now } >= Self.limit
        }
        records[name]?.complaint = contested.map { action in
            let what = action.verb == .update ? "changed" : "started"
            return
                "\(name)/\(action.ordinal) was \(what) \(Self.limit) times within \(Self.window.text), and another client undid it "
                + "each time; \(wording(.retry(name))) tries again"
        }
        return records[name]?.complaint
    }
}
