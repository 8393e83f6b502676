import Synchronization

/// Time that goes only when the test says so.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State {
        var now = Instant(offset: .zero)
        var last = 0
        var sleepers: [Int: (deadline: Instant, alarm: AsyncStream<Void>.Continuation)] = [:]
    }

    private let state = Mutex(State())

    var now: Instant { state.withLock(\.now) }
    var minimumResolution: Duration { .milliseconds(1) }
    /// How long those who sleep still do, the shortest first, but for what nobody waits an hour for.
    var sleepers: [Duration] {
        state.withLock { state in
            state.sleepers.values.map { state.now.duration(to: $0.deadline) }.filter { $0 < .seconds(20) }.sorted()
        }
    }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let (alarms, alarm) = AsyncStream.makeStream(of: Void.self)
        let id = state.withLock { state in
            state.last += 1
            if deadline <= state.now { alarm.finish() } else { state.sleepers[state.last] = (deadline, alarm) }
            return state.last
        }
        for await _ in alarms {}
        state.withLock { _ = $0.sleepers.removeValue(forKey: id) }
        try Task.checkCancellation()
    }

    func advance(by span: Duration) {
        state.withLock { state in
            state.now = state.now.advanced(by: span)
            for (id, sleeper) in state.sleepers where sleeper.deadline <= state.now {
                state.sleepers[id] = nil
                sleeper.alarm.finish()
            }
        }
    }
}
