import CubeTypes

/// What was done again and again because somebody undid it: two writers that fight would never come to rest.
///
/// Only what this planner did itself is counted, and only as long as nothing else is wished: whoever changes a manifest, or says
/// `retry` or `restart`, begins anew. What fails by itself is not started again in any case.
struct UndoLimit: Hashable, Sendable {
    /// How often the same must have been done within ``window``, and undone, for its name to be held.
    static let limit = 3
    static let window: Duration = .seconds(600)

    /// What is wished of a name.
    struct Wish: Hashable, Sendable {
        var declared: SetDigest?
        var directives: [Int?]
    }

    /// Something that is done once where nobody undoes it.
    private enum Deed: Hashable, Sendable {
        case start(ordinal: Int, Digest)
        case change(TaskID, Digest)

        /// - Returns: `nil` for a stop, which is undone by nobody: what is started instead is another task.
        init?(_ action: PlannedAction) {
            switch action.operation {
            case .schedule(let proposal, _): self = .start(ordinal: proposal.ordinal, proposal.specDigest)
            case .update(let update): self = .change(update.id, update.to)
            case .stop: return nil
            }
        }
    }

    private struct Record: Hashable, Sendable {
        var wish: Wish
        var deeds: [Deed: [Timestamp]] = [:]
        var complaint: String?
    }

    private var records: [WorkloadName: Record] = [:]

    /// Notes what is wished; `nil` where that is nothing.
    mutating func wish(_ wish: Wish?, of name: WorkloadName) {
        if let record = records[name], record.wish != wish { records[name] = nil }
    }

    /// Notes that something was done.
    mutating func done(_ action: PlannedAction, wish: Wish, at now: Timestamp) {
        guard let deed = Deed(action) else { return }
        var record = records[action.name] ?? Record(wish: wish)
        let times = (record.deeds[deed] ?? []).filter { $0 + Self.window > now }
        record.deeds[deed] = times.suffix(Self.limit - 1) + [now]
        records[action.name] = record
    }

    /// Why a name is held, where something is to be done once more that was done too often; it stays held.
    mutating func complaint(about name: WorkloadName, wishing steps: [Step], at now: Timestamp, _ wording: HintWording)
        -> String?
    {
        guard let record = records[name] else { return nil }
        if record.complaint != nil { return record.complaint }
        let contested = steps.lazy.filter { $0.state != .inFlight }.map(\.action).first { action in
            let times = Deed(action).flatMap { record.deeds[$0] } ?? []
            return times.count { $0 + Self.window > now } >= Self.limit
        }
        records[name]?.complaint = contested.map { action in
            let what = action.verb == .update ? "changed" : "started"
            return
                "\(name)/\(action.ordinal) was \(what) \(Self.limit) times within \(Self.window.text), and somebody undid it "
                + "each time; \(wording(.retry(name))) tries again"
        }
        return records[name]?.complaint
    }
}
