import CubeErrors
import CubeTypes

/// The backoff of actions that the manager answered but that had no effect. They are repeated only after a pause.
struct ActionBackoff: Hashable, Sendable {
    /// The number of attempts without effect after which an action counts as stalled.
    static let stalledAfter = 3

    struct Key: Hashable, Sendable {
        var verb: PlannedAction.Verb
        var task: TaskID
        var settings: Digest?

        init(_ action: PlannedAction) {
            verb = action.verb
            task = action.task
            if case .update(let update) = action.operation { settings = update.to }
        }
    }

    struct Entry: Hashable, Sendable {
        var tries = 0
        /// The cluster revision of the last answer. An observed state with an older revision cannot show the effect of the
        /// action.
        var revision = 0
        /// The earliest time of the next attempt.
        var notBefore: Timestamp
        var error: String?
    }

    private(set) var all: [WorkloadName: [Key: Entry]] = [:]

    mutating func answered(_ action: PlannedAction, at now: Timestamp, revision: Int, error: APIError?) {
        let key = Key(action)
        var entry = all[action.name]?[key] ?? Entry(notBefore: now)
        entry.tries += 1
        entry.revision = max(entry.revision, revision)
        entry.notBefore = now + Self.pause(after: entry.tries, of: action.task)
        entry.error = error?.description
        all[action.name, default: [:]][key] = entry
    }

    private static let backoff = Backoff(first: .seconds(1), longest: .seconds(60))

    /// The jitter is derived from the task, so that actions that failed together are not retried together.
    static func pause(after tries: Int, of task: TaskID) -> Duration {
        backoff.pause(after: tries, jitter: Double(unitInterval: FNV1a.hash("\(task) \(tries)".utf8)))
    }

    /// Forgets all actions of a name except the given ones: an action that is no longer planned, or whose effect is visible,
    /// needs no backoff.
    mutating func keep(_ keys: Set<Key>, of name: WorkloadName) {
        guard let backoff = all[name] else { return }
        let kept = backoff.filter { keys.contains($0.key) }
        all[name] = kept.isEmpty ? nil : kept
    }

    subscript(action: PlannedAction) -> Entry? { all[action.name]?[Key(action)] }
}
