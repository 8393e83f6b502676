import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// The reason why a check received no response.
enum ProbeFailure: Error {
    case noAnswer, cutOff
    case noPort(Int)

    /// Describes a connection error for a person. The libraries' own descriptions name their internal types.
    static func words(for error: any Error) -> String {
        switch error {
        case ProbeFailure.noAnswer: "the connection was closed without a response"
        case ProbeFailure.cutOff: "the connection was closed before the response was complete"
        case ProbeFailure.noPort(let number): "\(number) is not a port number"
        case let error as IOError: words(for: error)
        case let error as NIOConnectionError: words(for: error)
        case ChannelError.connectTimeout: "the connection attempt timed out"
        case is HTTPParserError: "the response is not HTTP"
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: tlsWords(for: "\(error)")
        default: "\(error)"
        }
    }

    private static func words(for error: IOError) -> String {
        // The peer closed the connection before it had read everything, or while it was writing.
        let isReset = error.errnoCode == Errno.connectionReset.rawValue || error.errnoCode == Errno.brokenPipe.rawValue
        return isReset ? "the connection was reset" : "\(Errno(rawValue: error.errnoCode))".lowercased()
    }

    private static func words(for error: NIOConnectionError) -> String {
        if let failure = error.connectionErrors.first { return words(for: failure.error) }
        return "the host name \"\(error.host)\" cannot be resolved"
    }

    private static func tlsWords(for error: String) -> String {
        if error.contains("CERTIFICATE_VERIFY_FAILED") || error.contains("unableToValidateCertificate") {
            return "the server's certificate is invalid or untrusted; set \"verify\": false to accept it"
        }
        return error.contains("WRONG_VERSION_NUMBER") ? "the response is not TLS" : "the TLS handshake failed"
    }
}
