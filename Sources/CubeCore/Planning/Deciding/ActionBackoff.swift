import CubeErrors
import CubeTypes

/// The actions that were made and answered and did not show an effect: they are not repeated without a pause.
struct ActionBackoff: Hashable, Sendable {
    /// How often an action must have been without effect for its name to count as stalled.
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
        /// A view that is older than this says nothing of the effect.
        var revision = 0
        /// When it may be made again.
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

    /// The jitter is the task's own, so that actions that failed together are not tried again together.
    static func pause(after tries: Int, of task: TaskID) -> Duration {
        backoff.pause(after: tries, jitter: Double(unitInterval: FNV1a.hash("\(task) \(tries)".utf8)))
    }

    /// Forgets what is not wished any more, or whose effect is seen.
    mutating func keep(_ keys: Set<Key>, of name: WorkloadName) {
        guard let backoff = all[name] else { return }
        let kept = backoff.filter { keys.contains($0.key) }
        all[name] = kept.isEmpty ? nil : kept
    }

    subscript(action: PlannedAction) -> Entry? { all[action.name]?[Key(action)] }
}
