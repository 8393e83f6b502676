import ServiceLifecycle
import Synchronization

/// A value that becomes known once, such as the address of a server that asked for a free port.
final class Announcement<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiting: [AsyncStream<Value>.Continuation] = []
    }

    private let state = Mutex(State())

    func announce(_ value: Value) {
        let waiting = state.withLock { state in
            state.value = value
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting {
            continuation.yield(value)
            continuation.finish()
        }
    }

    /// The value, if it is already known.
    var known: Value? { state.withLock(\.value) }

    /// Returns the value as soon as it is known.
    ///
    /// - Throws: `CancellationError` if the task is cancelled or shut down before the value is known.
    func value() async throws -> Value {
        let (stream, continuation) = AsyncStream.makeStream(of: Value.self)
        let known = state.withLock { state in
            if state.value == nil { state.waiting.append(continuation) }
            return state.value
        }
        if let known { return known }
        return try await cancelWhenGracefulShutdown {
            for await value in stream { return value }
            throw CancellationError()
        }
    }
}
