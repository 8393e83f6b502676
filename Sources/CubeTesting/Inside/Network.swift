import CubeErrors
import CubeSystem
import Synchronization

/// The network between the places of a cluster. A test can cut off a place; calls in progress then fail.
package final class Network: Sendable {
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

    package init() {}

    /// Blocks all calls to and from a place; calls in progress fail.
    package func cut(_ place: String) {
        let calls = state.withLock { state in
            state.cut.insert(place)
            return state.calls.values.filter { $0.place == place }
        }
        for call in calls { call.isOver.finish() }
    }

    package func mend(_ place: String) { state.withLock { _ = $0.cut.remove(place) } }

    package func isCut(_ place: String) -> Bool { state.withLock { $0.cut.contains(place) } }

    /// Whether a call is in progress that was made in a section of passing time.
    func isUsed(in passing: TimePassing.ID) -> Bool {
        state.withLock { $0.calls.values.contains { $0.passing == passing } }
    }

    /// Makes a call. It fails if the place is cut off before or during the call.
    ///
    /// - Throws: ``ConnectionLost``; the error of `operation`.
    package func call<Answer: Sendable>(
        _ place: String, _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        let (ends, isOver) = AsyncStream.makeStream(of: Never.self)
        let number = try state.withLock { state in
            guard !state.cut.contains(place) else { throw ConnectionLost(hasArrived: false) }
            state.last += 1
            state.calls[state.last] = Call(place: place, passing: TimePassing.current, isOver: isOver)
            return state.last
        }
        defer { state.withLock { _ = $0.calls.removeValue(forKey: number) } }
        let answer = try await race(operation) {
            for await _ in ends {}
            try Task.checkCancellation()
        }
        guard let answer, !isCut(place) else { throw ConnectionLost(hasArrived: true) }
        return answer
    }
}

/// The error of a call to a place that is cut off.
package struct ConnectionLost: Error {
    /// Whether the call may have reached its place before the cut.
    let hasArrived: Bool
}
