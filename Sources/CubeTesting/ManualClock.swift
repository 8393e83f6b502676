public import CubeTypes
import Synchronization

/// Time that goes only when a test says so.
///
/// - Since: 0.1
public final class ManualClock: Clock {
    /// A moment of a manual clock.
    ///
    /// - Since: 0.1
    public struct Instant: InstantProtocol {
        /// The time since the clock was made.
        public var offset: Duration

        /// - Parameter offset: the time since the clock was made.
        public init(offset: Duration) { self.offset = offset }

        /// The moment so much later.
        public func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        /// The time from this moment to another one.
        public func duration(to other: Instant) -> Duration { other.offset - offset }
        /// Whether the left moment comes first.
        public static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        var deadline: Instant
        var number: Int
        /// In which passing of time the sleep began; `nil` outside of one, and for the cluster itself.
        var passing: TimePassing.ID?
        var alarm: AsyncStream<Never>.Continuation
    }

    private struct State {
        var now = Instant(offset: .zero)
        /// How far the wall clock was set ahead, all in all.
        var shift = Duration.zero
        var last = 0
        var sleepers: [Int: Sleeper] = [:]
    }

    private let start: Timestamp
    private let state = Mutex(State())

    /// - Parameter start: what the wall clock shows at first.
    public init(start: Timestamp = Timestamp(milliseconds: 1_700_000_000_000)) { self.start = start }

    /// The present moment.
    public var now: Instant { state.withLock(\.now) }
    /// One millisecond, as times on the wire have it.
    public var minimumResolution: Duration { .milliseconds(1) }

    /// The wall clock that goes with it, but for what ``shiftWallClock(by:)`` did.
    public var timestamp: Timestamp { state.withLock { start + $0.now.offset + $0.shift } }

    /// Sets the wall clock ahead, or back by a negative span, as an administrator or NTP does. No time passes.
    public func shiftWallClock(by span: Duration) { state.withLock { $0.shift += span } }

    /// The present moment as it is stored: on this clock and by the wall clock.
    ///
    /// - Parameter boot: the boot of the machine that asks.
    package func instant(boot: String) -> DurableInstant {
        state.withLock {
            DurableInstant(boot: boot, uptime: $0.now.offset, wall: start + $0.now.offset + $0.shift)
        }
    }

    /// The earliest moment that somebody sleeps until; `nil` where nobody sleeps.
    public var nextDeadline: Instant? { state.withLock { $0.sleepers.values.map(\.deadline).min() } }

    /// Whether somebody sleeps who began to in a passing of time.
    func isSleptOn(in passing: TimePassing.ID) -> Bool {
        state.withLock { $0.sleepers.values.contains { $0.passing == passing } }
    }

    /// Returns when the time has come.
    ///
    /// - Throws: `CancellationError` where the task is cancelled before.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        try await sleep(until: deadline, in: TimePassing.current)
    }

    func sleep(until deadline: Instant, in passing: TimePassing.ID?) async throws {
        let (alarms, alarm) = AsyncStream.makeStream(of: Never.self)
        let number = state.withLock { state in
            state.last += 1
            if deadline <= state.now {
                alarm.finish()
            } else {
                state.sleepers[state.last] = Sleeper(
                    deadline: deadline, number: state.last, passing: passing, alarm: alarm)
            }
            return state.last
        }
        await withTaskCancellationHandler {
            for await _ in alarms {}
        } onCancel: {
            // At once: nobody is to see a sleeper who will not wait for his time.
            state.withLock { _ = $0.sleepers.removeValue(forKey: number) }
        }
        try Task.checkCancellation()
    }

    /// Lets time go, and wakes whoever slept until then: the earliest first, of several those that slept first.
    public func advance(by span: Duration) { advance(to: now.advanced(by: span)) }

    /// Lets time go until a moment; one that has passed changes nothing.
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
