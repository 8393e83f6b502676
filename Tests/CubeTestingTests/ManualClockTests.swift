import CubeTesting
import CubeTypes
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ManualClockTests {
    @Test func `a sleeping task wakes at its deadline and not before`() async throws {
        let clock = ManualClock()
        let start = clock.timestamp
        async let slept: Void = clock.sleep(for: .seconds(5))
        try await eventually { clock.nextDeadline != nil }
        #expect(clock.nextDeadline?.offset == .seconds(5))
        clock.advance(by: .seconds(4))
        #expect(clock.nextDeadline?.offset == .seconds(5))
        clock.advance(by: .seconds(1))
        try await slept
        #expect(clock.nextDeadline == nil && clock.timestamp - start == .seconds(5))
        clock.advance(to: .init(offset: .seconds(1)))
        #expect(clock.now.offset == .seconds(5), "The clock went back.")
        try await clock.sleep(until: clock.now)
    }

    @Test func `a cancelled sleep throws immediately`() async throws {
        let clock = ManualClock()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await clock.sleep(for: .seconds(5)) }
            try await eventually { clock.nextDeadline != nil }
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.waitForAll() }
        }
        #expect(clock.nextDeadline == nil)
    }
}
