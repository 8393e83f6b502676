package import CubeErrors
import CubeTypes

/// The error for what went wrong on the way; a `CancellationError` stays what it is.
func wireError(_ error: any Error, label: @autoclosure () -> String) -> any Error {
    if error is WireError || error is CancellationError { return error }
    guard let fault = WireFault.of(error) else { return CancellationError() }
    return WireError(.onTheWay(fault.reason, "\(label()): \(fault.words)"), mayHaveArrived: fault.mayHaveArrived)
}

extension APIError {
    /// An error that no server said.
    package static func onTheWay(_ reason: ErrorReason, _ message: String) -> APIError { APIError(reason, message) }

    /// The error of a call whose time is over.
    ///
    /// - Parameters:
    ///   - span: from the beginning of the first attempt.
    ///   - attempts: how often the call was made.
    static func noAnswer(_ label: String, within span: Duration, attempts: Int = 1) -> APIError {
        // Tenths of a second are enough, and the call to an end costs a little more than its deadline.
        let tenths = (span.milliseconds + 50) / 100 * 100
        let text = (span >= .seconds(1) ? Duration.milliseconds(tenths) : span).text
        return onTheWay(
            .timeout, "\(label): no answer within \(text)" + (attempts > 1 ? " (\(attempts) attempts)" : ""))
    }
}
