import CubeTypes
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// One GET request of a health check, and the status code of its response.
struct HTTPCheck: Sendable {
    let probe: HTTPProbe
    let target: ProbeTarget

    /// The name of the check in messages.
    var subject: String {
        let method = probe.scheme == .https ? "HTTPS GET" : "GET"
        return "\(method) \(probe.path) on \(target)"
    }

    /// Sends the request and reads the response to its end, so that the service can write all of it. Interim (1xx)
    /// responses are ignored.
    ///
    /// - Throws: the error that ended the connection before a response was received.
    func status(within limit: Duration, _ contexts: TLSContexts) async throws -> Int {
        let tls = probe.scheme == .https ? try contexts.context(verify: probe.verify) : nil
        let (head, name) = (head, serverName)
        return try await ProbeConnection.run(to: target, within: limit) { channel, result in
            let pipeline = channel.pipeline.syncOperations
            if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name)) }
            try pipeline.addHTTPClientHandlers()
            try pipeline.addHandler(ResponseReader(head, result))
        }
    }

    private var head: HTTPRequestHead {
        var headers = HTTPHeaders([
            ("Host", host), ("User-Agent", "cube"), ("Accept", "*/*"), ("Connection", "close"),
        ])
        for (name, value) in probe.headers { headers.replaceOrAdd(name: name, value: value) }
        return HTTPRequestHead(version: .http1_1, method: .GET, uri: probe.path, headers: headers)
    }

    /// The value of the `Host` header, unless the manifest sets one.
    private var host: String {
        let name = target.host ?? "localhost"
        return ProbeTarget(host: name, port: target.port).description
    }

    /// The server name for TLS (SNI and certificate verification); `nil` for an IP address, against which the
    /// certificate is verified directly.
    private var serverName: String? {
        let header = probe.headers.first { $0.key.lowercased() == "host" }?.value
        let name = header.map { String($0.prefix { $0 != ":" }) } ?? target.host ?? "localhost"
        let isAddress = name.contains(":") || name.hasPrefix("[") || name.allSatisfy { $0.isNumber || $0 == "." }
        return isAddress || name.isEmpty ? nil : name
    }
}

/// The TLS contexts, created once each, because loading the certificates that the machine trusts takes a while.
final class TLSContexts: Sendable {
    private let made = Mutex<[Bool: NIOSSLContext]>([:])

    func context(verify: Bool) throws -> NIOSSLContext {
        try made.withLock { made in
            if let context = made[verify] { return context }
            var configuration = TLSConfiguration.makeClientConfiguration()
            if !verify { configuration.certificateVerification = .none }
            let context = try NIOSSLContext(configuration: configuration)
            made[verify] = context
            return context
        }
    }
}

/// Sends the request when the connection is open, and waits for the end of the response.
private final class ResponseReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// The number of bytes of a response body that are read.
    private static let limit = 10 << 10

    private let head: HTTPRequestHead
    private let result: ProbeResult<Int>
    private var status: Int?
    private var bytes = 0

    init(_ head: HTTPRequestHead, _ result: ProbeResult<Int>) {
        self.head = head
        self.result = result
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = Int(head.status.code)
        case .body(let body):
            bytes += body.readableBytes
            if bytes > Self.limit, let status { result.finish(.success(status)) }
        case .end: if let status { result.finish(.success(status)) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Many servers close the connection without a TLS close_notify. HTTP framing tells whether the response is complete.
        if case NIOSSLError.uncleanShutdown = error { return }
        let isCutOff = status != nil && error is HTTPParserError
        result.finish(.failure(isCutOff ? ProbeFailure.cutOff : error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        result.finish(.failure(status == nil ? ProbeFailure.noAnswer : ProbeFailure.cutOff))
        context.fireChannelInactive()
    }
}
