import AsyncHTTPClient
import CubeErrors
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A failed connection or transfer, described in our own words: the descriptions of other libraries contain type names and may
/// contain what was sent, including the token.
struct WireFault: Sendable {
    let reason: ErrorReason
    let words: String
    /// Whether the server may have received the request.
    let mayHaveArrived: Bool
    /// Whether one side does not accept the certificate of the other.
    var isUntrusted = false

    init(_ reason: ErrorReason, _ words: String, mayHaveArrived: Bool = true) {
        self.reason = reason
        self.words = words
        self.mayHaveArrived = mayHaveArrived
    }

    /// Classifies an error; `nil` for a cancellation.
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
        case let error as NIOSSLExtraError where isOfName(error): otherHost
        case is NIOSSLExtraError, is BoringSSLError: untrusted
        default: unknown
        }
    }

    private static let closed = WireFault(.unavailable, "the connection was closed")
    private static let brokenOff = WireFault(.unavailable, "the connection closed before the response was complete")
    private static let notHTTP = WireFault(.malformedAnswer, "the response is not HTTP")
    private static let noConnection = WireFault(
        .unavailable, "the connection could not be established in time", mayHaveArrived: false)
    private static let noAddress = WireFault(
        .validationFailed, "the address is invalid", mayHaveArrived: false)
    private static let untrusted: WireFault = {
        var fault = WireFault(
            .unavailable, "the TLS connection failed: the handshake failed, or the certificate is not trusted",
            mayHaveArrived: false)
        fault.isUntrusted = true
        return fault
    }()
    private static let otherHost = WireFault(
        .unavailable, "the certificate is not for this host", mayHaveArrived: false)
    private static let unknown = WireFault(.internal, "the request failed with an unknown error")

    private static func unknown(host: String) -> WireFault {
        WireFault(.unavailable, "the host name \"\(host.prefix(80))\" cannot be resolved", mayHaveArrived: false)
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
        case .deadlineExceeded, .readTimeout, .writeTimeout: WireFault(.timeout, "no response in time")
        case .remoteConnectionClosed, .uncleanShutdown: closed
        case .requestStreamCancelled:
            WireFault(.unavailable, "the server responded before it received the whole request")
        case .invalidProxyResponse, .proxyAuthenticationRequired:
            WireFault(.unavailable, "the proxy rejected the request", mayHaveArrived: false)
        case .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath: noAddress
        // These errors carry a text and are equal only if their texts are equal, so their short descriptions are compared.
        case _ where error.shortDescription == HTTPClientError.unsupportedScheme("").shortDescription: noAddress
        case _ where error.shortDescription == HTTPClientError.invalidHeaderFieldNames([]).shortDescription,
            _ where error.shortDescription == HTTPClientError.invalidHeaderFieldValues([]).shortDescription:
            WireFault(
                .validationFailed,
                "the token or another header field contains an invalid character",
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
        // If there were connection errors, the host name was resolved.
        return failures.isEmpty ? unknown(host: error.host) : noConnection
    }

    private static func of(_ error: ChannelError) -> WireFault {
        if case .connectTimeout = error { noConnection } else { closed }
    }
}
