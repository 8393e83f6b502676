import AsyncHTTPClient
import CubeErrors
import CubeOrchestratorClient
import CubeTypes
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing

@testable import CubeServer
@testable import CubeTransport

/// Tests that no error description of a library reaches the caller, because it names types and can contain the request.
@Suite(.timeLimit(.minutes(1))) struct `Network errors have plain messages` {
    /// The errors that the underlying libraries can throw.
    static let errors: [any Error] =
        [
            HTTPClientError.invalidURL, .emptyHost, .missingSocketPath, .alreadyShutdown, .emptyScheme,
            .unsupportedScheme("secret"), .readTimeout, .writeTimeout, .remoteConnectionClosed,
            .identityCodingIncorrectlyPresent, .invalidProxyResponse, .contentLengthMissing,
            .proxyAuthenticationRequired, .redirectLimitReached, .redirectCycleDetected, .uncleanShutdown,
            .traceRequestWithBody, .invalidHeaderFieldNames(["secret"]), .invalidHeaderFieldValues(["secret"]),
            .bodyLengthMismatch, .writeAfterRequestSent, .connectTimeout, .socksHandshakeTimeout,
            .httpProxyHandshakeTimeout, .tlsHandshakeTimeout, .serverOfferedUnsupportedApplicationProtocol("secret"),
            .deadlineExceeded, .requestStreamCancelled, .getConnectionFromPoolTimeout, .invalidRedirectConfiguration,
            .invalidHTTPVersionConfiguration, .invalidDNSOverridesConfiguration, .invalidLocalAddress,
            .invalidProxyConfiguration, .internalStateFailure(),
        ] as [HTTPClientError]
        + [
            IOError(errnoCode: 104, reason: "secret"), IOError(errnoCode: 111, reason: "secret"),
            ChannelError.connectPending, ChannelError.connectTimeout(.seconds(1)), ChannelError.ioOnClosedChannel,
            ChannelError.eof, ChannelError.inappropriateOperationForState, HTTPParserError.invalidEOFState,
            HTTPParserError.invalidVersion, HTTPParserError.headerOverflow,
            ByteToMessageDecoderError.leftoverDataWhenDone(ByteBuffer(string: "secret")),
            ByteToMessageDecoderError.PayloadTooLargeError(), SocketAddressError.unsupported,
            SocketAddressError.unixDomainSocketPathTooLong, SocketAddressError.failedToParseIPString("secret"),
            NIOSSLError.handshakeFailed(.sslError([])), NIOSSLError.unableToValidateCertificate,
            NIOSSLError.uncleanShutdown, NIOSSLExtraError.failedToValidateHostname, NIOSSLExtraError.invalidSNIHostname,
            BoringSSLError.syscallError, EventLoopError.shutdown, NIOTooManyBytesError(maxBytes: 1), Unheard(),
        ]

    struct Unheard: Error, CustomStringConvertible { var description: String { "secret" } }

    @Test(arguments: errors.indices)
    func `every error of the underlying libraries has a plain message without their text`(index: Int) throws {
        let error = Self.errors[index]
        let ours = try #require(wireError(error, label: "GET x") as? WireError, "\(error)").error
        let words = ours.message.dropFirst("GET x: ".count)
        #expect(!words.contains("secret") && !words.contains(".swift") && !words.contains("("), "\(words)")
        // Names of types, cases and properties contain capitals inside a word.
        let names = words.split(separator: " ").filter { $0.dropFirst().contains { $0.isUppercase } }
        #expect(Set(names).isSubset(of: ["HTTP", "HTTP/1.1", "TLS"]), "\(words)")
        #expect(!ours.isFromServer)
    }

    @Test func `errors that the caller can correct have distinct messages`() {
        for (error, reason, words, mayHaveArrived) in [
            (
                HTTPClientError.invalidHeaderFieldValues(["Bearer secret"]), ErrorReason.validationFailed,
                "the token or another header field contains an invalid character", false
            ),
            (IOError(errnoCode: 111, reason: ""), .unavailable, "Connection refused", false),
            (HTTPParserError.invalidVersion, .malformedAnswer, "the response is not HTTP", true),
            (HTTPClientError.remoteConnectionClosed, .unavailable, "the connection was closed", true),
            (
                NIOSSLError.unableToValidateCertificate, .unavailable,
                "the TLS connection failed: the handshake failed, or the certificate is not trusted", false
            ),
            (NIOSSLExtraError.failedToValidateHostname, .unavailable, "the certificate is not for this host", false),
            (Unheard(), .internal, "the request failed with an unknown error", true),
        ] as [(any Error, ErrorReason, String, Bool)] {
            let fault = WireFault.of(error)
            #expect(fault?.reason == reason)
            #expect(fault?.words == words)
            #expect(fault?.mayHaveArrived == mayHaveArrived)
        }
        #expect(WireFault.of(HTTPClientError.cancelled) == nil)
    }

    private func failure(_ endpoint: Endpoint, token: String? = nil) async throws -> APIError {
        let transport = HTTPTransport(
            endpoint: endpoint, token: token,
            options: ClientOptions(retries: RetryPolicy(attempts: 1), logger: silent))
        return try #require(
            await #expect(throws: APIError.self) { try await transport.send(TransportRequest(.get, ["a", "b"])) })
    }

    @Test func `a token that is invalid in a header is neither sent nor reported`() async throws {
        try await withRoutes([]) { endpoint, _ in
            let error = try await failure(endpoint, token: "hunter2\n")
            #expect(error.reason == .validationFailed && !error.retry)
            #expect(!"\(error)".contains("hunter2"))
        }
    }

    @Test(arguments: [
        ("SSH-2.0-OpenSSH_9.6\r\n", ErrorReason.malformedAnswer, "the response is not HTTP"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .unavailable,
            "the connection closed before the response was complete"
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n", .malformedAnswer, "the response is not HTTP"),
        ("", .unavailable, "the connection was closed"),
    ])
    func `an invalid response is reported`(answer: String, reason: ErrorReason, words: String) async throws {
        try await withRoutes([Route(.get, "/a/b", .everybody) { _ in .noContent }]) { endpoint, _ in
            try await FaultyProxy.run(before: endpoint) {
                .page(answer)
            } _: { proxy in
                let error = try await failure(proxy)
                #expect(error.reason == reason)
                #expect(error.message == "GET \(proxy)/a/b: \(words)")
            }
        }
    }

    @Test func `a host without an address is named`() async throws {
        let error = try await failure(Endpoint(.tcp(host: "nowhere.invalid", port: 1)))
        #expect(error.reason == .unavailable)
        #expect(
            error.message == "GET http://nowhere.invalid:1/a/b: the host name \"nowhere.invalid\" cannot be resolved")
    }

    @Test func `a server without TLS is reported to a client that requires it`() async throws {
        try await withRoutes([]) { endpoint, _ in
            try await FaultyProxy.run(before: endpoint) {
                .greet("SSH-2.0-OpenSSH_9.6\r\n")
            } _: { proxy in
                let url = "https" + proxy.rawValue.dropFirst(4) + "/hook"
                let error = await #expect(throws: APIError.self) { try await WebhookClient(url: url).post(["a": 1]) }
                #expect(
                    error?.message
                        == "POST to 127.0.0.1: the TLS connection failed: the handshake failed, or the certificate is not trusted"
                )
                #expect(error?.isFromServer == false)
            }
        }
    }

    @Test(arguments: [
        ("http://127.0.0.1:8081", "GET http://127.0.0.1:8081/a/b"), ("http://[::1]:1", "GET http://[::1]:1/a/b"),
        ("unix:/run/cube.sock", "GET /a/b at unix:/run/cube.sock"),
        ("http://a:1,http://b:2", "GET /a/b at http://a:1,http://b:2"),
        ("file:/etc/cube/managers", "GET /a/b at file:/etc/cube/managers"),
    ])
    func `a path is appended only to a URL`(server: String, label: String) {
        #expect(WireRequest(method: "GET", target: "/a/b?wait=5s").label(at: server) == label)
    }

    @Test func `an error without a response is not attributed to the server`() throws {
        let local: [@Sendable () throws -> Void] = [
            { _ = try WorkloadName(checking: "A") }, { _ = try WebhookClient(url: "ftp://x") },
            { _ = try ClientConfiguration.load(environment: [:]) },
            { _ = try ClientConfiguration.load(file: "/nowhere", environment: [:]) },
            { _ = try ManagerLocation(checking: "nonsense") }, { throw APIError(.taskNotFound, "task x is gone") },
            { throw APIError.invalid([ValidationError(field: "a", value: nil, message: "is missing")]) },
        ]
        for call in local {
            let error = #expect(throws: APIError.self) { try call() }
            #expect(error?.isFromServer == false, "\(String(describing: error))")
        }
    }
}
