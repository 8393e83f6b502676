import Testing

@testable import CubeSystem

/// Waiting for a change, for a time, and for whichever of two comes first.
@Suite(.timeLimit(.minutes(1)))
struct BellTests {
    /// A clock on which time stands still: whoever sleeps wakes only when its task is cancelled.
    private struct StoppedClock: Clock {
        let base = ContinuousClock()
        var now: ContinuousClock.Instant { base.now }
        var minimumResolution: Duration { .zero }

        func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
            for await _ in AsyncStream<Never>.makeStream().stream {}
            throw CancellationError()
        }
    }

    /// A clock on which every time is over at once.
    private struct HastyClock: Clock {
        let base = ContinuousClock()
        var now: ContinuousClock.Instant { base.now }
        var minimumResolution: Duration { .zero }

        func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
            try Task.checkCancellation()
        }
    }

    private static func forever() async throws -> Int {
        for await _ in AsyncStream<Never>.makeStream().stream {}
        throw CancellationError()
    }

    @Test func `a bell that is rung often before it is heard wakes once`() async {
        let bell = Bell()
        for _ in 1...3 { bell.ring() }
        #expect(await bell.wait())
        #expect(!bell.hear())
    }

    @Test func `a wait ends with a ring, with its time, and with its task`() async {
        let bell = Bell()
        async let wakes: Bool = bell.wait()
        bell.ring()
        #expect(await wakes)
        await bell.wait(atMost: .seconds(1), on: HastyClock())
        let task = Task { await bell.wait() }
        task.cancel()
        #expect(await !task.value)
        let timed = Task { await bell.wait(atMost: .seconds(1), on: StoppedClock()) }
        bell.ring()
        await timed.value
    }

    @Test func `a closed bell tells the last ring and ends the sequence`() async {
        let bell = Bell()
        bell.ring()
        bell.close()
        var rings = 0
        for await _ in bell { rings += 1 }
        #expect(rings == 1)
    }

    @Test func `a topic rings for all who listen to it, and for nobody else`() async {
        var bells = Bells<String>()
        let (first, second, other) = (bells.listen(to: "a"), bells.listen(to: "a"), bells.listen(to: "b"))
        bells.ring("a")
        #expect([first, second, other].map { $0.bell.hear() } == [true, true, false])
        bells.leave(first)
        bells.ringAll()
        #expect([first, second, other].map { $0.bell.hear() } == [false, true, true])
        bells.close()
        #expect(await !bells.listen(to: "c").bell.wait())
        #expect(await !other.bell.wait())
    }

    @Test func `the first of two counts, and the other one is cancelled`() async throws {
        #expect(try await race({ 1 }, until: { _ = try await Self.forever() }) == 1)
        #expect(try await race({ try await Self.forever() }, until: {}) == nil)
        await #expect(throws: CancellationError.self) {
            try await race({ throw CancellationError() }, until: { _ = try await Self.forever() }) as Int?
        }
    }

    @Test func `an operation that does not end within its time is cancelled`() async throws {
        #expect(try await StoppedClock().within(.seconds(1)) { 1 } == 1)
        #expect(try await HastyClock().within(.seconds(1)) { try await Self.forever() } == nil)
    }
}
