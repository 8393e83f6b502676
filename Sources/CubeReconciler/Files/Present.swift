package import CubeTypes

/// The present on two clocks: the one that decides while this process runs, and the one by which moments are stored.
package struct Present: Hashable, Sendable {
    /// A time that does not jump while the process runs.
    package var now: Timestamp
    package var moment: DurableInstant

    package init(now: Timestamp, moment: DurableInstant) {
        self.now = now
        self.moment = moment
    }

    /// A time of this process, to be stored.
    func moment(of time: Timestamp) -> DurableInstant { moment + min(time - now, .zero) }

    /// A moment that was stored, as a time of this process: never in the future.
    func time(of stored: DurableInstant) -> Timestamp { now + (.zero - moment.since(stored)) }
}
