/// A stretch of the history, oldest first.
///
/// - Since: 0.1
public struct EventList: Codable, Hashable, Sendable {
    /// What to ask `since` next.
    public var revision: Int
    /// Oldest first.
    public var events: [TaskEvent]

    public init(revision: Int, events: [TaskEvent]) {
        self.revision = revision
        self.events = events
    }
}
