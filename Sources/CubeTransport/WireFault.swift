import AsyncHTTPClient
import CubeErrors
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What went wrong on the way, in words of our own: descriptions by other libraries name their types, and may hold what was
/// sent, the token included.
struct WireFault: Sendable {
    let reason: ErrorReason
    let words: String
    /// Whether the server may have seen the request.
    let mayHaveArrived: Bool

    init(_ reason: ErrorReason, _ words: String, mayHaveArrived: Bool = true) {
        self.reason = reason
        self.words = words
        self.mayHaveArrived = mayHaveArrived
    }

    /// - Returns: `nil` for a cancellation.
    static func of(_ error: any Error) -> WireFault? {
        switch error {
        case let error as HTTPClientError: of(error)
        case let error as IOError: of(error)
        case let error as NIOConnectionError: of(error)
        case let error as ChannelError: of(error)
        case let error as HTTPParserError: error == .invalidEOFState ? brokenOff : notHTTP
        case is ByteToMessageDecoderError, is NIOHTTPDecoderError: notHTTP
        case is SocketAddressError: noAddress
        case let error as SocketAddressError.UnknownHost: unknown(host: error.host)
        case let error as NIOSSLError: error == .uncleanShutdown ? closed : untrusted
        case let error as NIOSSLExtraError where isOfName(error):
            WireFault(.unavailable, "the certificate is not for this host", mayHaveArrived: false)
        case is NIOSSLExtraError, is BoringSSLError: untrusted
        default: unknown
        }
    }

    private static let closed = WireFault(.unavailable, "the connection was closed")
    private static let brokenOff = WireFault(.unavailable, "the answer broke off")
    private static let notHTTP = WireFault(.malformedAnswer, "the answer is not HTTP")
    private static let noConnection = WireFault(.unavailable, "no connection in time", mayHaveArrived: false)
    private static let noAddress = WireFault(
        .validationFailed, "there is no such address to connect to", mayHaveArrived: false)
    private static let untrusted = WireFault(
        .unavailable, "no TLS connection: the handshake failed, or the certificate is not trusted",
        mayHaveArrived: false)
    private static let unknown = WireFault(.internal, "the call failed in a way that this version does not know")

    private static func unknown(host: String) -> WireFault {
        WireFault(.unavailable, "the host name \"\(host.prefix(80))\" is not known", mayHaveArrived: false)
    }

    private static func isOfName(_ error: NIOSSLExtraError) -> Bool {
        [.failedToValidateHostname, .serverHostnameImpossibleToMatch].contains(error)
    }

    private static func of(_ error: HTTPClientError) -> WireFault? {
        switch error {
        case .cancelled: nil
        case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout, .socksHandshakeTimeout,
            .httpProxyHandshakeTimeout:
            noConnection
        case .deadlineExceeded, .readTimeout, .writeTimeout: WireFault(.timeout, "no answer in time")
        case .remoteConnectionClosed, .uncleanShutdown: closed
        case .requestStreamCancelled:
            WireFault(.unavailable, "the server answered before it had the whole request")
        case .invalidProxyResponse, .proxyAuthenticationRequired:
            WireFault(.unavailable, "the proxy does not let the call through", mayHaveArrived: false)
        case .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath: noAddress
        // Two errors are alike only where their texts are, which these bring along; their short form has none.
        case _ where error.shortDescription == HTTPClientError.unsupportedScheme("").shortDescription: noAddress
        case _ where error.shortDescription == HTTPClientError.invalidHeaderFieldNames([]).shortDescription,
            _ where error.shortDescription == HTTPClientError.invalidHeaderFieldValues([]).shortDescription:
            WireFault(
                .validationFailed,
                "the token, or another header field, contains a character that no header field may contain",
                mayHaveArrived: false)
        case _
        where error.shortDescription
            == HTTPClientError.serverOfferedUnsupportedApplicationProtocol("").shortDescription:
            WireFault(.malformedAnswer, "the server does not speak HTTP/1.1", mayHaveArrived: false)
        default: unknown
        }
    }

    private static func of(_ error: IOError) -> WireFault {
        WireFault(
            .unavailable, String(cString: strerror(error.errnoCode)),
            mayHaveArrived: ![ECONNREFUSED, ENOENT, EACCES, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode))
    }

    private static func of(_ error: NIOConnectionError) -> WireFault {
        let failures = error.connectionErrors.map(\.error)
        if let refusal = failures.compactMap({ $0 as? IOError }).first {
            return WireFault(.unavailable, of(refusal).words, mayHaveArrived: false)
        }
        // A host that has an address was tried.
        return failures.isEmpty ? unknown(host: error.host) : noConnection
    }

    private static func of(_ error: ChannelError) -> WireFault {
        if case .connectTimeout = error { noConnection } else { closed }
    }
}
