import Synchronization

/// The result of a check's connection. The first result wins, and a waiter can be cancelled.
///
/// NIO futures cannot be cancelled: an unresolvable name or a silent address would block a check for longer than its timeout.
final class ProbeResult<Answer: Sendable>: Sendable {
    private struct State {
        var waiter: CheckedContinuation<Answer, any Error>?
        var result: Result<Answer, any Error>?
    }

    private let state = Mutex(State())

    func finish(_ result: Result<Answer, any Error>) {
        let waiter = state.withLock { state -> CheckedContinuation<Answer, any Error>? in
            guard state.result == nil else { return nil }
            state.result = result
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(with: result)
    }

    /// Waits for the result.
    ///
    /// - Throws: the failure, or `CancellationError`.
    func value() async throws -> Answer {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Answer, any Error>? in
                    if state.result == nil { state.waiter = continuation }
                    return state.result
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            finish(.failure(CancellationError()))
        }
    }
}
