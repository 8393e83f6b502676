import CubeTesting
import CubeTypes
import Testing

struct ManualClockTests {
    @Test func `a sleeper wakes when its time has come, and not before`() async throws {
        let clock = ManualClock()
        let start = clock.timestamp
        async let slept: Void = clock.sleep(for: .seconds(5))
        while clock.nextDeadline == nil { await Task.yield() }
        #expect(clock.nextDeadline?.offset == .seconds(5))
        clock.advance(by: .seconds(4))
        #expect(clock.nextDeadline?.offset == .seconds(5))
        clock.advance(by: .seconds(1))
        try await slept
        #expect(clock.nextDeadline == nil && clock.timestamp - start == .seconds(5))
        clock.advance(to: .init(offset: .seconds(1)))
        #expect(clock.now.offset == .seconds(5), "No clock goes back.")
        try await clock.sleep(until: clock.now)
    }

    @Test func `a sleeper that is cancelled says so at once`() async throws {
        let clock = ManualClock()
        let sleeper = Task { try await clock.sleep(for: .seconds(5)) }
        while clock.nextDeadline == nil { await Task.yield() }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        #expect(clock.nextDeadline == nil)
    }
}
