import AsyncHTTPClient
import CubeErrors
package import CubeTypes
import CubeVersion
import FoundationEssentials
package import Logging
import NIOCore
import NIOHTTP1

/// The one way to send a request: address, token, limits, deadline, retries, and one kind of error.
package struct HTTPTransport: Sendable {
    package let endpoint: Endpoint
    private let token: String?
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let retries: RetryPolicy

    /// - Parameter token: sent as a bearer token; a Unix socket needs none.
    package init(
        endpoint: Endpoint, token: String?, logger: Logger, clock: any Clock<Duration> = ContinuousClock(),
        retries: RetryPolicy = RetryPolicy()
    ) {
        self.endpoint = endpoint
        self.token = token
        self.logger = logger
        self.clock = clock
        self.retries = retries
    }

    /// Sends and decodes the answer.
    ///
    /// - Throws: `APIError`: the server's own, or one that says what went wrong on the way; `CancellationError`.
    package func send<Answer: Decodable & Sendable>(
        _ request: TransportRequest, as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        try await exchange(request, as: type).answer
    }

    /// Sends and decodes the answer, and tells its status too.
    package func exchange<Answer: Decodable & Sendable>(
        _ request: TransportRequest, as type: Answer.Type = Answer.self
    ) async throws -> (status: Int, answer: Answer) {
        let (status, body) = try await perform(request)
        do {
            return (status, try JSONDecoder().decode(Answer.self, from: body))
        } catch {
            throw APIError(.malformedAnswer, "\(label(request)): the answer is not a \(Answer.self): \(error)")
        }
    }

    /// Sends what is answered without content.
    package func send(_ request: TransportRequest) async throws {
        _ = try await perform(request)
    }

    /// Sends once, and hands over the body as it comes. Only the wait for its head is bounded.
    package func stream(_ request: TransportRequest) async throws -> AnswerStream {
        let prepared = try prepare(request)
        let label = label(request)
        return try await withDeadline(request.deadline, clock: clock, of: label) {
            do {
                let response = try await Self.answer(to: prepared, limit: request.answerLimit, label: label)
                return AnswerStream(body: response.body, label: label)
            } catch {
                throw transportError(error, label: label)
            }
        }
    }

    private func perform(_ request: TransportRequest) async throws -> (status: Int, body: Data) {
        let prepared = try prepare(request)
        let label = label(request)
        return try await withDeadline(request.deadline, clock: clock, of: label) {
            var attempt = 1
            while true {
                do {
                    return try await self.attempt(prepared, limit: request.answerLimit, label: label)
                } catch let error as APIError {
                    guard request.isIdempotent,
                        let pause = retries.pause(after: attempt, error, share: Double.random(in: 0...1))
                    else { throw error }
                    logger.debug("trying again", metadata: ["error": "\(error)", "pause": "\(pause)"])
                    try await clock.sleep(for: pause)
                    attempt += 1
                }
            }
        }
    }

    private func attempt(
        _ request: HTTPClientRequest, limit: Int, label: String
    ) async throws -> (status: Int, body: Data) {
        do {
            let response = try await Self.answer(to: request, limit: limit, label: label)
            let body = Data(try await response.body.collect(upTo: limit).readableBytesView)
            return (Int(response.status.code), body)
        } catch {
            throw transportError(error, label: label)
        }
    }

    /// An answer that is no error; its body is still to come.
    private static func answer(
        to request: HTTPClientRequest, limit: Int, label: String
    ) async throws -> HTTPClientResponse {
        let response = try await client.execute(request, deadline: .distantFuture)
        guard response.status.code < 300 else {
            let body = Data(try await response.body.collect(upTo: limit).readableBytesView)
            throw APIError(answer: body, status: Int(response.status.code), label: label)
        }
        return response
    }

    private func prepare(_ request: TransportRequest) throws -> HTTPClientRequest {
        let base =
            switch endpoint.address {
            case .tcp: endpoint.rawValue
            case .unix(let path): "http+unix://\(TransportRequest.escape(path))"
            }
        var prepared = HTTPClientRequest(url: base + request.target)
        prepared.method = HTTPMethod(rawValue: request.method.rawValue)
        prepared.headers.add(name: "Accept", value: "application/json")
        prepared.headers.add(name: "User-Agent", value: "cube/\(ProductVersion.current)")
        prepared.headers.add(name: "X-Request-ID", value: UUID().uuidString.lowercased())
        if let token { prepared.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if request.method == .post || request.method == .put {
            prepared.headers.add(name: "Content-Type", value: "application/json")
        }
        if let body = request.body {
            prepared.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
        }
        return prepared
    }

    /// What messages call a request; without the query, which may be long.
    private func label(_ request: TransportRequest) -> String {
        "\(request.method.rawValue) \(endpoint)/\(request.path.joined(separator: "/"))"
    }

    /// One for the process, never shut down: it has no state beyond its idle connections, and so no client needs a life cycle.
    private static let client = HTTPClient(
        configuration: {
            var configuration = HTTPClient.Configuration(
                redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)),
                // Blocking queries and streams hold a connection each.
                connectionPool: .init(idleTimeout: .seconds(20), concurrentHTTP1ConnectionsPerHostSoftLimit: 128))
            configuration.httpVersion = .http1Only
            // A refused connection is for the retry policy, which knows what may be sent again.
            configuration.connectionPool.retryConnectionEstablishment = false
            return configuration
        }())
}
