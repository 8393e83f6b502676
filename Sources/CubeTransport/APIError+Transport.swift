import CubeErrors
import CubeTypes

/// Returns the error for a failed connection or transfer; a `CancellationError` is returned unchanged.
func wireError(_ error: any Error, label: @autoclosure () -> String) -> any Error {
    if error is WireError || error is CancellationError { return error }
    guard let fault = WireFault.of(error) else { return CancellationError() }
    return WireError(APIError(fault.reason, "\(label()): \(fault.words)"), mayHaveArrived: fault.mayHaveArrived)
}

extension APIError {
    /// Returns the error of a call that exceeded its deadline.
    ///
    /// - Parameters:
    ///   - span: the time since the start of the first attempt.
    ///   - attempts: the number of attempts.
    static func noAnswer(_ label: String, within span: Duration, attempts: Int = 1) -> APIError {
        // A precision of tenths of a second suffices, and it hides that a call takes slightly longer than its deadline.
        let tenths = (span.milliseconds + 50) / 100 * 100
        let text = (span >= .seconds(1) ? Duration.milliseconds(tenths) : span).text
        return APIError(
            .timeout, "\(label): no response within \(text)" + (attempts > 1 ? " (\(attempts) attempts)" : ""))
    }
}
