import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// Why a check got no answer.
enum ProbeFailure: Error {
    case noAnswer, cutOff
    case noPort(Int)

    /// An error of a connection, for a person: the errors of the libraries name their own types.
    static func words(for error: any Error) -> String {
        switch error {
        case ProbeFailure.noAnswer: "the connection was closed without an answer"
        case ProbeFailure.cutOff: "the connection was closed in the midst of the answer"
        case ProbeFailure.noPort(let number): "\(number) is no port"
        case let error as IOError: words(for: error)
        case let error as NIOConnectionError: words(for: error)
        case ChannelError.connectTimeout: "nobody answers at this address"
        case is HTTPParserError: "the answer is not HTTP"
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: tlsWords(for: "\(error)")
        default: "\(error)"
        }
    }

    private static func words(for error: IOError) -> String {
        // The other side closed before it read all, or while it wrote.
        let isReset = error.errnoCode == Errno.connectionReset.rawValue || error.errnoCode == Errno.brokenPipe.rawValue
        return isReset ? "the connection was reset" : "\(Errno(rawValue: error.errnoCode))".lowercased()
    }

    private static func words(for error: NIOConnectionError) -> String {
        if let failure = error.connectionErrors.first { return words(for: failure.error) }
        return "the name \"\(error.host)\" cannot be resolved"
    }

    private static func tlsWords(for error: String) -> String {
        if error.contains("CERTIFICATE_VERIFY_FAILED") || error.contains("unableToValidateCertificate") {
            return "its certificate is not valid or not trusted; \"verify\": false accepts it"
        }
        return error.contains("WRONG_VERSION_NUMBER") ? "the answer is not TLS" : "the TLS handshake failed"
    }
}
