import CubeCore
import CubeErrors

/// A command in the queue of the writer.
struct QueuedWrite: Sendable {
    /// Decides the command, and returns a closure that delivers the answer after the commit. It may be called again on
    /// another state if the first decision could not be stored.
    let decide: @Sendable (inout ClusterTransaction) -> @Sendable () -> Void
    /// Answers with an error; nothing was stored.
    let refuse: @Sendable (APIError) -> Void

    /// - Parameters:
    ///   - author: Who makes the changes; `nil` if they follow from time or from the report of a worker.
    ///   - review: The errors of the definitions in the command, as far as they are known already.
    init<Answer: Sendable>(
        _ command: @escaping @Sendable (inout ClusterTransaction) throws(APIError) -> Answer, by author: Author?,
        reviewed review: DefinitionReview, answer: CheckedContinuation<Answer, any Error>
    ) {
        decide = { transaction in
            transaction.author = author
            transaction.review = review
            defer {
                transaction.author = nil
                transaction.review = DefinitionReview()
            }
            let result = Result { () throws(APIError) in try command(&transaction) }
            return { answer.resume(with: result.mapError { $0 }) }
        }
        refuse = { answer.resume(throwing: $0) }
    }
}
