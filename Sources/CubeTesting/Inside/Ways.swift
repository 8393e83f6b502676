import CubeErrors
import Synchronization

/// The ways to the places of a cluster, which a test may cut. What is under way on one breaks off then.
final class Ways: Sendable {
    private struct Call {
        let place: String
        let passing: TimePassing.ID?
        let isOver: AsyncStream<Never>.Continuation
    }

    private struct State {
        var cut: Set<String> = []
        var calls: [Int: Call] = [:]
        var last = 0
    }

    private let state = Mutex(State())

    /// Lets nothing through to a place or from it; what is under way fails.
    func cut(_ place: String) {
        let calls = state.withLock { state in
            state.cut.insert(place)
            return state.calls.values.filter { $0.place == place }
        }
        for call in calls { call.isOver.finish() }
    }

    func mend(_ place: String) { state.withLock { _ = $0.cut.remove(place) } }

    func isCut(_ place: String) -> Bool { state.withLock { $0.cut.contains(place) } }

    /// Whether a call is under way that was made in a passing of time.
    func isUsed(in passing: TimePassing.ID) -> Bool {
        state.withLock { $0.calls.values.contains { $0.passing == passing } }
    }

    /// Makes a call, which fails when the way is cut, also on its way back.
    ///
    /// - Throws: ``IsCut``; what `operation` throws.
    func call<Answer: Sendable>(
        _ place: String, _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        let (ends, isOver) = AsyncStream.makeStream(of: Never.self)
        let number = try state.withLock { state in
            guard !state.cut.contains(place) else { throw IsCut(hasArrived: false) }
            state.last += 1
            state.calls[state.last] = Call(place: place, passing: TimePassing.current, isOver: isOver)
            return state.last
        }
        defer { state.withLock { _ = $0.calls.removeValue(forKey: number) } }
        return try await withThrowingTaskGroup(of: Answer.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await operation() }
            group.addTask {
                for await _ in ends {}
                try Task.checkCancellation()
                throw IsCut(hasArrived: true)
            }
            // Two were added, so there is a first.
            let answer = try await group.next()!
            guard !isCut(place) else { throw IsCut(hasArrived: true) }
            return answer
        }
    }
}

/// A way is cut.
struct IsCut: Error {
    /// Whether the call may have reached its place before.
    let hasArrived: Bool
}
