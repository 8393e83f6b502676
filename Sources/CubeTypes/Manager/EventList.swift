/// A stretch of the history, oldest first.
public struct EventList: Codable, Hashable, Sendable {
    /// What to ask `since` next.
    public var revision: Int
    public var events: [TaskEvent]

    public init(revision: Int, events: [TaskEvent]) {
        self.revision = revision
        self.events = events
    }
}
