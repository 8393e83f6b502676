import AsyncHTTPClient
package import CubeErrors
import CubeTypes
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// The error for what went wrong on the way; a `CancellationError` stays what it is.
func wireError(_ error: any Error, label: @autoclosure () -> String) -> any Error {
    switch error {
    case is WireError, is CancellationError:
        error
    case let error as HTTPClientError:
        switch error {
        case .cancelled, .requestStreamCancelled: CancellationError()
        case .connectTimeout, .getConnectionFromPoolTimeout:
            WireError(.onTheWay(.unavailable, "\(label()): no connection in time"), mayHaveArrived: false)
        case .deadlineExceeded, .readTimeout, .writeTimeout:
            WireError(.onTheWay(.timeout, "\(label()): no answer in time"))
        case .remoteConnectionClosed: WireError(.onTheWay(.unavailable, "\(label()): the connection was closed"))
        default: WireError(.onTheWay(.internal, "\(label()): \(error.description)"))
        }
    case let error as IOError:
        WireError(
            .onTheWay(.unavailable, "\(label()): \(text(of: error))"),
            mayHaveArrived: ![ECONNREFUSED, ENOENT, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode))
    case let error as NIOConnectionError:
        WireError(
            .onTheWay(
                .unavailable,
                "\(label()): "
                    + (error.connectionErrors.compactMap { $0.error as? IOError }.first.map(text) ?? error.description)),
            mayHaveArrived: false)
    case is ChannelError:
        WireError(.onTheWay(.unavailable, "\(label()): the connection was closed"))
    case let error as HTTPParserError where error == .invalidEOFState:
        WireError(.onTheWay(.unavailable, "\(label()): the answer broke off"))
    case is HTTPParserError:
        WireError(.onTheWay(.malformedAnswer, "\(label()): the answer is not HTTP: \(error)"))
    default:
        WireError(.onTheWay(.internal, "\(label()): \(error)"))
    }
}

private func text(of error: IOError) -> String { String(cString: strerror(error.errnoCode)) }

extension APIError {
    /// An error that no server said.
    package static func onTheWay(_ reason: ErrorReason, _ message: String) -> APIError {
        APIError(reason, message, isFromServer: false)
    }

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
