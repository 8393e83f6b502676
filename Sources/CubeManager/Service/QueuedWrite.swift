import CubeCore
import CubeErrors

/// A command that waits for its turn.
struct QueuedWrite: Sendable {
    /// Decides, and gives what answers once all is stored. It may be called again on another state, where the first
    /// decision could not be stored.
    let decide: @Sendable (inout ClusterTransaction) -> @Sendable () -> Void
    /// Answers that nothing is stored.
    let refuse: @Sendable (APIError) -> Void

    init<Answer: Sendable>(
        _ command: @escaping @Sendable (inout ClusterTransaction) throws(APIError) -> Answer,
        answer: CheckedContinuation<Answer, any Error>
    ) {
        decide = { transaction in
            let result = Result { () throws(APIError) in try command(&transaction) }
            return { answer.resume(with: result.mapError { $0 }) }
        }
        refuse = { answer.resume(throwing: $0) }
    }
}
