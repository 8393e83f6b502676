import CubeErrors
import CubeTypes

/// What this planner sent to the manager, and the effect that it had. It limits how often actions without effect are repeated.
struct ActionHistory: Sendable {
    var backoff = ActionBackoff()
    var undoLimit = UndoLimit()
    private(set) var retries = RetryThrottle()
    /// The notes that were sent last, and the time at which they may be sent again if they had no effect.
    private(set) var sentNotes: (notes: SourceNotes, retryAt: Timestamp)?

    /// The delay after which notes that had no effect are sent again.
    static let notesPause: Duration = .seconds(5)

    /// Records that a request with notes is being sent.
    mutating func willSend(_ notes: SourceNotes, at now: Timestamp) {
        if !notes.isEmpty { sentNotes = (notes, now + Self.notesPause) }
    }

    /// Records that a request with actions is being sent.
    mutating func willSend(_ actions: [PlannedAction], at now: Timestamp) {
        if actions.contains(where: { backoff[$0] != nil }) { retries.spend(at: now) }
    }

    /// Records the manager's answer to an action.
    ///
    /// - Parameter intent: what people want for the action's name; `nil` if the name is not declared.
    mutating func answered(
        _ action: PlannedAction, for intent: UndoLimit.Intent?, at now: Timestamp, revision: Int, error: APIError?
    ) {
        backoff.answered(action, at: now, revision: revision, error: error)
        if error == nil, backoff[action]?.tries == 1, let intent { undoLimit.done(action, for: intent, at: now) }
    }

    /// Permits to send the notes of a plan if they differ from those that were sent last, or had no effect for too long.
    mutating func reconsider(_ notes: SourceNotes, at now: Timestamp) {
        if let sent = sentNotes, sent.notes != notes || sent.retryAt <= now { sentNotes = nil }
    }
}
