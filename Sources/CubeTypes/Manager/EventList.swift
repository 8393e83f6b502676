/// A section of the history, oldest event first.
///
/// - Since: 0.1
public struct EventList: Codable, Hashable, Sendable {
    /// The revision to pass as `since` in the next request.
    public var revision: Int
    /// The events, oldest first.
    public var events: [TaskEvent]

    public init(revision: Int, events: [TaskEvent]) {
        self.revision = revision
        self.events = events
    }
}
