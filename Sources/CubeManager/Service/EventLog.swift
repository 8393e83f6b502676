import CubeTypes

/// The end of the history, in memory; the store keeps a shorter end of it.
struct EventLog {
    /// How many events there are at least before the oldest are dropped.
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

    /// Events after a revision, oldest first, about `limit` of them: those of one revision are never parted. From 0: all
    /// that there are.
    ///
    /// - Returns: `nil` where some of them are gone.
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
