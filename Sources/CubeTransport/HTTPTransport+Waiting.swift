package import CubeErrors
import Logging

extension HTTPTransport {
    /// Makes a call until somebody serves it: a server that is away, or is started anew, is a pause and not an error.
    ///
    /// Between two calls lies a pause that grows from the retry policy's ``RetryPolicy/base`` to its ``RetryPolicy/longest``. The
    /// logger is told when an outage begins (`warning`) and when it is over (`notice`).
    ///
    /// - Parameters:
    ///   - onChange: told of each failure, and by `nil` of an answer.
    ///   - call: makes the call.
    /// - Throws: what `call` throws, unless time may mend it; `CancellationError`.
    package func untilServed<Value>(
        onChange: (APIError?) -> Void = { _ in }, _ call: () async throws -> Value
    ) async throws -> Value {
        func tellAnswer() {
            if memory.note(isAway: false) { options.logger.notice("\(name) answers again") }
            onChange(nil)
        }
        var failures = 0
        while true {
            do {
                let value = try await call()
                tellAnswer()
                return value
            } catch let error as APIError where error.isUnserved {
                failures += 1
                if memory.note(isAway: true) {
                    options.logger.warning("\(error.message); trying again until there is an answer")
                }
                onChange(error)
                // Half of the pause at least: after a few failures, nothing is gained by a call at once.
                try await clock.sleep(
                    for: options.retries.backoff(after: failures, error, share: 0.5 + chance() / 2), tolerance: nil)
            } catch let error as APIError where error.isFromServer {
                tellAnswer()
                throw error
            }
        }
    }
}
