import CubeTypes
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// One GET request of a check, and the status of its answer.
struct HTTPCheck: Sendable {
    let probe: HTTPProbe
    let target: ProbeTarget

    /// How messages call it.
    var subject: String {
        let method = probe.scheme == .https ? "HTTPS GET" : "GET"
        return "\(method) \(probe.path) on \(target)"
    }

    /// Asks, and reads the answer to its end, so that the service can write all of it; interim answers are passed over.
    ///
    /// - Throws: what ended it without an answer.
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

    /// What the `Host` header says where the manifest does not.
    private var host: String {
        let name = target.host ?? "localhost"
        return ProbeTarget(host: name, port: target.port).description
    }

    /// The name that TLS asks for and that a certificate is compared with; `nil` for an address, which is compared itself.
    private var serverName: String? {
        let header = probe.headers.first { $0.key.lowercased() == "host" }?.value
        let name = header.map { String($0.prefix { $0 != ":" }) } ?? target.host ?? "localhost"
        let isAddress = name.contains(":") || name.hasPrefix("[") || name.allSatisfy { $0.isNumber || $0 == "." }
        return isAddress || name.isEmpty ? nil : name
    }
}

/// How TLS is spoken, made once: reading the certificates that a machine trusts takes a while.
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

/// Sends the request when it is connected, and waits for the end of the answer.
private final class ResponseReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// How much of a body is read.
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
        // Many servers close a connection without a farewell of TLS. Whether the answer is whole then, HTTP tells.
        if case NIOSSLError.uncleanShutdown = error { return }
        let isCutOff = status != nil && error is HTTPParserError
        result.finish(.failure(isCutOff ? ProbeFailure.cutOff : error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        result.finish(.failure(status == nil ? ProbeFailure.noAnswer : ProbeFailure.cutOff))
        context.fireChannelInactive()
    }
}
