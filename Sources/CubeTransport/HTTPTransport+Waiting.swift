package import CubeErrors
import Logging

extension HTTPTransport {
    /// Repeats a call until a server serves it, so that an outage or restart of the server is a pause and not an error.
    ///
    /// The pause between two calls grows from ``RetryPolicy/base`` to ``RetryPolicy/longest`` of the retry policy. The logger records
    /// the start (`warning`) and the end (`notice`) of an outage.
    ///
    /// - Parameters:
    ///   - onChange: called with each failure, and with `nil` for a response.
    ///   - call: makes the call.
    /// - Throws: the error of `call`, unless waiting may resolve it; `CancellationError`.
    package func untilServed<Value>(
        onChange: (APIError?) -> Void = { _ in }, _ call: () async throws -> Value
    ) async throws -> Value {
        func reportResponse() {
            if memory.note(isAway: false) { options.logger.notice("\(name) responds again") }
            onChange(nil)
        }
        var failures = 0
        while true {
            do {
                let value = try await call()
                reportResponse()
                return value
            } catch let error as APIError where error.isUnserved {
                failures += 1
                if memory.note(isAway: true) {
                    options.logger.warning("\(error.message); retrying until the server responds")
                }
                onChange(error)
                // At least half of the pause: after repeated failures, an immediate call would gain nothing.
                try await clock.sleep(
                    for: options.retries.backoff(after: failures, error, share: 0.5 + chance() / 2), tolerance: nil)
            } catch let error as APIError where error.isFromServer {
                reportResponse()
                throw error
            }
        }
    }
}
