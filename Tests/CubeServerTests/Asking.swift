import AsyncHTTPClient
import CubeErrors
import CubeTypes
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix

@testable import CubeServer

/// An HTTP response.
struct Answer {
    var status: Int
    var headers: HTTPHeaders
    var body: Data

    /// The error object, which the body of every response with a status of 400 or above must be.
    var error: APIError { get throws { try JSONDecoder().decode(APIError.self, from: body) } }
}

/// Sends a request without Cube's clients, so that the request can be invalid.
func ask(
    _ method: HTTPMethod, _ endpoint: Endpoint, _ path: String, token: TokenSet.Role? = .write,
    headers: HTTPHeaders = [:], body: String? = nil
) async throws -> Answer {
    var request = HTTPClientRequest(url: endpoint.rawValue + path)
    request.method = method
    request.headers = headers
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(tokens[token]!)") }
    if let body {
        if !headers.contains(name: "Content-Type") {
            request.headers.add(name: "Content-Type", value: "application/json")
        }
        request.body = .bytes(ByteBuffer(string: body))
    }
    let response = try await HTTPClient.shared.execute(request, timeout: .minutes(10))
    let bytes = try await response.body.collect(upTo: 1 << 26)
    return Answer(status: Int(response.status.code), headers: response.headers, body: Data(bytes.readableBytesView))
}

/// A connection that can send any bytes.
@discardableResult
func withConnection<Value: Sendable>(
    to endpoint: Endpoint,
    _ body:
        @Sendable (NIOAsyncChannelInboundStream<ByteBuffer>, NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws ->
        Value
) async throws -> Value {
    guard case .tcp(let host, let port) = endpoint.address else { throw NotListening() }
    let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: host, port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    return try await connection.executeThenClose(body)
}

/// Sends some bytes and reads until the server closes the connection.
func exchange(_ text: String, with endpoint: Endpoint) async throws -> String {
    try await withConnection(to: endpoint) { inbound, outbound in
        var answer = ""
        do {
            try await outbound.write(ByteBuffer(string: text))
            for try await bytes in inbound { answer += String(buffer: bytes) }
        } catch is IOError {
            // A reset also ends a connection.
        } catch ChannelError.ioOnClosedChannel {
            // A close before the first request also ends it.
        }
        return answer
    }
}
