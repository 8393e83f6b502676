import AsyncHTTPClient
import CubeErrors
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

extension APIError {
    /// The error that an answer stands for: our own object, or, where a proxy or another program answered, what its status says.
    init(answer: Data, status: Int, label: String) {
        do {
            self = try JSONDecoder().decode(APIError.self, from: answer)
        } catch {
            self.init(
                ErrorReason(status: status), "\(label): status \(status) without an error object of Cube", code: status)
        }
    }
}

/// The error for what went wrong on the way; an `APIError` and a `CancellationError` stay what they are.
func transportError(_ error: any Error, label: String) -> any Error {
    switch error {
    case is APIError, is CancellationError:
        error
    case let error as HTTPClientError:
        switch error {
        case .cancelled, .requestStreamCancelled: CancellationError()
        case .connectTimeout, .getConnectionFromPoolTimeout:
            APIError(.unavailable, "\(label): no connection in time")
        case .deadlineExceeded, .readTimeout, .writeTimeout: APIError(.timeout, "\(label): no answer in time")
        case .remoteConnectionClosed: APIError(.unavailable, "\(label): the connection was closed")
        default: APIError(.internal, "\(label): \(error.description)")
        }
    case let error as IOError:
        APIError(.unavailable, "\(label): \(text(of: error))")
    case let error as NIOConnectionError:
        APIError(
            .unavailable,
            "\(label): "
                + (error.connectionErrors.compactMap { $0.error as? IOError }.first.map(text) ?? error.description))
    case is ChannelError:
        APIError(.unavailable, "\(label): the connection was closed")
    case is NIOTooManyBytesError:
        APIError(.malformedAnswer, "\(label): the answer is larger than allowed")
    case let error as HTTPParserError where error == .invalidEOFState:
        APIError(.unavailable, "\(label): the answer broke off")
    case is HTTPParserError:
        APIError(.malformedAnswer, "\(label): the answer is not HTTP: \(error)")
    default:
        APIError(.internal, "\(label): \(error)")
    }
}

private func text(of error: IOError) -> String { String(cString: strerror(error.errnoCode)) }
