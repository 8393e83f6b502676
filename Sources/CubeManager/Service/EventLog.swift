import CubeTypes

/// The latest events, in memory. The store keeps fewer of them.
struct EventLog {
    /// The minimum number of events that the log keeps when it drops the oldest.
    static let limit = 10_000

    private var events: [TaskEvent]
    /// The revision up to which events may be missing.
    private var floor: Int

    init(_ events: [TaskEvent]) {
        self.events = events
        floor = events.first?.revision ?? 0
    }

    mutating func append(_ new: [TaskEvent]) {
        events += new
        let excess = events.count - Self.limit
        guard excess > Self.limit else { return }
        floor = events[excess - 1].revision
        events.removeFirst(excess)
    }

    /// Returns about `limit` events after a revision, oldest first. Events of one revision are never split. With
    /// revision 0, the events start at the beginning of the log.
    ///
    /// - Returns: `nil` if the log no longer holds all events after the revision.
    func events(since revision: Int, limit: Int) -> [TaskEvent]? {
        guard revision == 0 || revision >= floor else { return nil }
        var (low, high) = (0, events.count)
        while low < high {
            let middle = (low + high) / 2
            if events[middle].revision <= revision { low = middle + 1 } else { high = middle }
        }
        var end = min(events.count, low + limit)
        while end > low, end < events.count, events[end].revision == events[end - 1].revision { end += 1 }
        return Array(events[low..<end])
    }
}
