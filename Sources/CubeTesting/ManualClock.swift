public import CubeTypes
import Synchronization

/// A clock that advances only when a test says so.
///
/// - Since: 0.1
public final class ManualClock: Clock {
    /// An instant of a manual clock.
    ///
    /// - Since: 0.1
    public struct Instant: InstantProtocol {
        /// The time since the clock was created.
        public var offset: Duration

        /// - Parameter offset: the time since the clock was created.
        public init(offset: Duration) { self.offset = offset }

        /// Returns the instant that is later by a duration.
        public func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        /// Returns the time from this instant to another one.
        public func duration(to other: Instant) -> Duration { other.offset - offset }
        /// Whether the left instant is earlier.
        public static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        var deadline: Instant
        var number: Int
        /// The section of passing time in which the sleep began; `nil` outside such a section, and for the cluster itself.
        var passing: TimePassing.ID?
        var alarm: AsyncStream<Never>.Continuation
    }

    private struct State {
        var now = Instant(offset: .zero)
        /// The sum of all adjustments of the wall clock.
        var shift = Duration.zero
        var last = 0
        var sleepers: [Int: Sleeper] = [:]
        /// Those who wait until a task sleeps.
        var observers: [AsyncStream<Never>.Continuation] = []
    }

    private let start: Timestamp
    private let state = Mutex(State())

    /// - Parameter start: the initial wall-clock time.
    public init(start: Timestamp = Timestamp(milliseconds: 1_700_000_000_000)) { self.start = start }

    /// The current instant.
    public var now: Instant { state.withLock(\.now) }
    /// One millisecond, which is the resolution of times on the wire.
    public var minimumResolution: Duration { .milliseconds(1) }

    /// The wall-clock time, including the adjustments made with ``shiftWallClock(by:)``.
    public var timestamp: Timestamp { state.withLock { start + $0.now.offset + $0.shift } }

    /// Moves the wall clock forward, or back by a negative span, as an administrator or NTP does. No time passes on this clock.
    public func shiftWallClock(by span: Duration) { state.withLock { $0.shift += span } }

    /// Returns the current instant in the form that is stored durably.
    ///
    /// - Parameter boot: the boot id of the calling machine.
    package func instant(boot: String) -> DurableInstant {
        state.withLock {
            DurableInstant(boot: boot, uptime: $0.now.offset, wall: start + $0.now.offset + $0.shift)
        }
    }

    /// The earliest deadline of all sleeping tasks; `nil` if none is sleeping.
    public var nextDeadline: Instant? { state.withLock { $0.sleepers.values.map(\.deadline).min() } }

    /// Waits until a task sleeps.
    ///
    /// - Returns: the earliest deadline of all sleeping tasks; `nil` if the waiting task was cancelled.
    package func untilSlept() async -> Instant? {
        while !Task.isCancelled {
            let (sleeps, observer) = AsyncStream.makeStream(of: Never.self)
            let deadline = state.withLock { state in
                if state.sleepers.isEmpty { state.observers.append(observer) }
                return state.sleepers.values.map(\.deadline).min()
            }
            if let deadline { return deadline }
            for await _ in sleeps {}
        }
        return nil
    }

    /// Whether a task is sleeping that started to sleep in a section of passing time.
    func isSleptOn(in passing: TimePassing.ID) -> Bool {
        state.withLock { $0.sleepers.values.contains { $0.passing == passing } }
    }

    /// Sleeps until a deadline.
    ///
    /// - Throws: `CancellationError` if the task is cancelled first.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        try await sleep(until: deadline, in: TimePassing.current)
    }

    func sleep(until deadline: Instant, in passing: TimePassing.ID?) async throws {
        let (alarms, alarm) = AsyncStream.makeStream(of: Never.self)
        let (number, observers) = state.withLock { state in
            state.last += 1
            var observers: [AsyncStream<Never>.Continuation] = []
            if deadline <= state.now {
                alarm.finish()
            } else {
                state.sleepers[state.last] = Sleeper(
                    deadline: deadline, number: state.last, passing: passing, alarm: alarm)
                swap(&observers, &state.observers)
            }
            return (state.last, observers)
        }
        for observer in observers { observer.finish() }
        await withTaskCancellationHandler {
            for await _ in alarms {}
        } onCancel: {
            // Removed immediately, because a cancelled sleeper must not count as waiting for time.
            state.withLock { _ = $0.sleepers.removeValue(forKey: number) }
        }
        try Task.checkCancellation()
    }

    /// Advances the clock, and wakes the tasks whose deadlines have passed, in the order of their deadlines.
    public func advance(by span: Duration) { advance(to: now.advanced(by: span)) }

    /// Advances the clock to an instant. An instant in the past has no effect.
    public func advance(to moment: Instant) {
        let due = state.withLock { state in
            state.now = max(state.now, moment)
            let due = state.sleepers.values.filter { $0.deadline <= state.now }
            for sleeper in due { state.sleepers[sleeper.number] = nil }
            return due
        }
        for sleeper in due.sorted(by: { ($0.deadline, $0.number) < ($1.deadline, $1.number) }) {
            sleeper.alarm.finish()
        }
    }
}
