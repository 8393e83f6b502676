import Synchronization

/// What comes of a check's connection: the first result counts, and whoever waits for it can be cancelled.
///
/// Futures of NIO know no cancellation, and a name that nobody resolves, or an address that nobody answers at, holds theirs
/// back for longer than a check may take.
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

    /// - Throws: the failure; `CancellationError`.
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
