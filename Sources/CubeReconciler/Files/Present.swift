package import CubeTypes

/// The current time on two clocks: the clock for decisions of this process, and the clock for stored moments.
package struct Present: Hashable, Sendable {
    /// A time that never jumps while the process runs.
    package var now: Timestamp
    package var moment: DurableInstant

    package init(now: Timestamp, moment: DurableInstant) {
        self.now = now
        self.moment = moment
    }

    /// Converts a time of this process for storage.
    func moment(of time: Timestamp) -> DurableInstant { moment + min(time - now, .zero) }

    /// Converts a stored moment to a time of this process, which is never in the future.
    func time(of stored: DurableInstant) -> Timestamp { now + (.zero - moment.since(stored)) }
}
