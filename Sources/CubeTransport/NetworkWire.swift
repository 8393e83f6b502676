import AsyncHTTPClient
import CubeErrors
package import CubeTypes
import NIOCore
import NIOHTTP1
import Synchronization

/// A wire to one server, over TCP or a Unix socket.
package struct NetworkWire: Wire {
    package var name: String { endpoint.rawValue }
    private let endpoint: Endpoint
    private let base: String
    private let client: HTTPClient
    private let options: ClientOptions
    /// What to trust; `nil` if the server does not speak TLS.
    private let trust: ServerTrust?

    package init(_ endpoint: Endpoint, options: ClientOptions) {
        self.endpoint = endpoint
        self.options = options
        let name = endpoint.isSecure ? options.tls.trust?.name : nil
        base =
            switch endpoint.address {
            case .tcp(_, let port): name.map { "https://\($0):\(port)" } ?? endpoint.rawValue
            case .unix(let path): "http+unix://\(path.percentEncoded)"
            }
        trust = endpoint.isSecure ? ServerTrust(endpoint, options: options) : nil
        client = Self.client(Traits(options, endpoint, name: name))
    }

    package func exchange(_ request: WireRequest) async throws -> WireAnswer {
        var prepared = HTTPClientRequest(url: base + request.target)
        prepared.method = HTTPMethod(rawValue: request.method)
        prepared.headers = HTTPHeaders(request.headers.map { ($0.name, $0.value) })
        if let body = request.body { prepared.body = .bytes(ByteBuffer(bytes: body)) }
        if let trust {
            do { prepared.tlsConfiguration = try await trust.configuration() } catch let error as APIError {
                throw WireError(error, mayHaveArrived: false)
            }
        }
        do {
            let response = try await client.execute(prepared, deadline: .distantFuture)
            return WireAnswer(
                status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
                body: ByteStream(Body(base: response.body, request: request, server: name)), origin: name)
        } catch {
            let failure = wireError(error, label: request.label(at: name))
            guard trust != nil, WireFault.of(error)?.isUntrusted ?? false, let failure = failure as? WireError else {
                throw failure
            }
            throw await DistrustReport.explained(failure, endpoint, options)
        }
    }

    /// A response body that maps the errors of the HTTP client to our own.
    private struct Body: AsyncSequence, Sendable {
        let base: HTTPClientResponse.Body
        let request: WireRequest
        let server: String

        struct AsyncIterator: AsyncIteratorProtocol {
            var base: HTTPClientResponse.Body.AsyncIterator
            let request: WireRequest
            let server: String

            @concurrent mutating func next() async throws -> [UInt8]? {
                do {
                    return try await base.next().map { Array($0.readableBytesView) }
                } catch {
                    throw wireError(error, label: request.label(at: server))
                }
            }
        }

        func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(base: base.makeAsyncIterator(), request: request, server: server)
        }
    }

    // MARK: Connections

    /// The options that determine how connections are made.
    private struct Traits: Hashable {
        let connectDeadline: Duration
        let limit: Int
        /// The host to connect to for a name in a certificate.
        let hosts: [String: String]

        init(_ options: ClientOptions, _ endpoint: Endpoint, name: String?) {
            connectDeadline = options.connectDeadline
            limit = options.connectionLimit
            if let name, case .tcp(let host, _) = endpoint.address { hosts = [name: host] } else { hosts = [:] }
        }
    }

    /// The HTTP clients of the process, one for each combination of options. They are never shut down: they have no state except idle
    /// connections. The SDK's clients therefore need no life cycle.
    private static let clients = Mutex<[Traits: HTTPClient]>([:])

    private static func client(_ traits: Traits) -> HTTPClient {
        clients.withLock { clients in
            if let client = clients[traits] { return client }
            let client = make(traits)
            clients[traits] = client
            return client
        }
    }

    private static func make(_ traits: Traits) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: TimeAmount(traits.connectDeadline)),
            connectionPool: .init(
                idleTimeout: .seconds(20), concurrentHTTP1ConnectionsPerHostSoftLimit: traits.limit))
        configuration.httpVersion = .http1Only
        configuration.dnsOverride = traits.hosts
        // The retry policy handles a refused connection, because it knows what may be sent again.
        configuration.connectionPool.retryConnectionEstablishment = false
        // The transport creates one span for each call, including all attempts.
        configuration.tracing.tracer = nil
        return HTTPClient(configuration: configuration)
    }
}
