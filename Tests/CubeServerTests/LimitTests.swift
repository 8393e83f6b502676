import CubeErrors
import CubeTypes
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Testing

@testable import CubeServer
@testable import CubeTransport

@Suite("Limits and long calls", .timeLimit(.minutes(1)))
struct LimitTests {
    let open = Route(.get, "/open", .everybody) { _ in try .json(["status": "ok"]) }

    @Test(arguments: [
        ("GET /open HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 2000))\r\n\r\n", 431),
        ("GET /open HTTP/1.1\r\nHost: localhost\r\n\(String(repeating: "X: y\r\n", count: 60))\r\n", 431),
        ("GET /open HTTP/1.1\r\nHost: localhost\r\nContent-Length: minus\r\n\r\n", 400),
        ("hello, server\r\n\r\n", 400),
    ])
    func `an oversized or malformed request head is reported`(text: String, status: Int) async throws {
        var limits = ServerLimits()
        limits.headerBytes = 1000
        limits.headerFields = 50
        try await withRoutes([open], limits: limits) { endpoint, _ in
            let answer = try await exchange(text, with: endpoint)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains(#""reason":"validation_failed""#))
        }
    }

    @Test(arguments: [
        "", "GET /open HTTP/1.1\r\nHost: loc",
        "POST /take HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{",
    ])
    func `the connection of a slow client is closed`(text: String) async throws {
        var limits = ServerLimits()
        limits.idleTime = .milliseconds(100)
        limits.requestTime = .milliseconds(100)
        let take = Route(.post, "/take", .everybody) { call in try .json(try await call.body(as: [Int].self)) }
        try await withRoutes([open, take], limits: limits) { endpoint, _ in
            let answer = try await exchange(text, with: endpoint)
            #expect(answer == "")
        }
    }

    @Test func `the connection of an endless body is closed`() async throws {
        var limits = ServerLimits()
        limits.bodyBytes = 1000
        limits.batchBytes = 1000
        limits.requestTime = .seconds(3600)
        limits.idleTime = .seconds(3600)
        let take = Route(.post, "/take", .everybody) { call in try .json(try await call.body(as: [Int].self)) }
        try await withRoutes([take], limits: limits) { endpoint, _ in
            let chunks = String(repeating: "64\r\n\(String(repeating: " ", count: 100))\r\n", count: 100)
            let answer = try await exchange(
                "POST /take HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n\(chunks)", with: endpoint)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `the connection of a client that reads nothing is closed, and its call ends`() async throws {
        var limits = ServerLimits()
        limits.stallTime = .milliseconds(100)
        let (ends, ended) = AsyncStream<Void>.makeStream()
        let flood = Route(.get, "/flood", .everybody) { call in
            call.stream(contentType: "text/plain") { sink in
                defer { ended.finish() }
                while true { try await sink.send([UInt8](repeating: 0x20, count: 1 << 16)) }
            }
        }
        try await withRoutes([flood], limits: limits) { endpoint, _ in
            try await withConnection(to: endpoint) { _, outbound in
                try await outbound.write(ByteBuffer(string: "GET /flood HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                for await _ in ends {}
            }
        }
    }

    /// Opens connections that send no request, each after the previous one is accepted, and then makes a call with a
    /// token.
    @Test func `six hundred connections without a token do not keep out a client with one`() async throws {
        try await withRoutes([Route(.get, "/members", .worker) { _ in .noContent }]) { endpoint, _ in
            guard case .tcp(let host, let port) = endpoint.address else { throw NotListening() }
            let address = try SocketAddress(ipAddress: host, port: port)
            var idle: [any Channel] = []
            for _ in 0..<600 {
                idle.append(
                    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(to: address).get())
            }
            let answer = try await ask(.GET, endpoint, "/members", token: .worker)
            #expect(answer.status == 204)
            for channel in idle { try? await channel.close() }  // The server has already closed most of them.
        }
    }

    @Test func `a connection that has presented a token is served, however many strangers follow`() async throws {
        var limits = ServerLimits()
        (limits.strangers, limits.strangersPerAddress) = (2, 2)
        let (starts, started) = AsyncStream<Void>.makeStream()
        let (goes, go) = AsyncStream<Void>.makeStream()
        let hold = Route(.get, "/hold", .reader) { call in
            call.stream(contentType: "text/plain") { sink in
                started.finish()
                for await _ in goes {}
                try await sink.send(Array("done".utf8))
            }
        }
        try await withRoutes([open, hold], limits: limits) { endpoint, _ in
            async let held = ask(.GET, endpoint, "/hold", token: .read)
            for await _ in starts {}
            // Each client opens a connection of its own, and the oldest ones give way.
            for _ in 0..<10 {
                let answer = try await exchange("GET /open HTTP/1.0\r\nHost: localhost\r\n\r\n", with: endpoint)
                #expect(answer.hasPrefix("HTTP/1.0 200 "))
            }
            go.finish()
            #expect(String(decoding: try await held.body, as: UTF8.self) == "done")
        }
    }

    @Test func `clients with a token beyond the limit are refused and closed, but local ones are not`()
        async throws
    {
        var limits = ServerLimits()
        limits.connections = 1
        let (starts, started) = AsyncStream<Void>.makeStream()
        let hold = Route(.get, "/hold", .reader) { call in
            call.stream(contentType: "text/plain") { sink in
                started.finish()
                try await sink.send([0x20])
                try await Task.sleep(for: .seconds(3600))
            }
        }
        let read = Route(.get, "/read", .reader) { _ in .noContent }
        try await withRoutes([hold, read], limits: limits) { endpoint, _ in
            @Sendable func request(_ path: String, _ role: TokenSet.Role) -> String {
                "GET \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(tokens[role]!)\r\n\r\n"
            }
            try await withConnection(to: endpoint) { _, outbound in
                try await outbound.write(ByteBuffer(string: request("/hold", .read)))
                for await _ in starts {}
                let answer = try await exchange(request("/read", .read), with: endpoint)
                #expect(answer.hasPrefix("HTTP/1.1 429 "))
                #expect(answer.contains(#""reason":"too_many_requests""#))
                #expect(try await ask(.GET, endpoint, "/read", token: .write).status == 204)
            }
        }
    }

    @Test func `a connection without a token is closed after its time limit, even if it keeps sending requests`()
        async throws
    {
        var limits = ServerLimits()
        limits.strangerTime = .seconds(1)
        try await withRoutes([open], limits: limits) { endpoint, _ in
            let answers = try await withConnection(to: endpoint) { inbound, outbound in
                var answers = 0
                // The loop ends when the server closes the connection, at any point.
                do {
                    try await outbound.write(ByteBuffer(string: "GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                    for try await _ in inbound {
                        answers += 1
                        try await outbound.write(ByteBuffer(string: "GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                    }
                } catch is IOError {
                } catch ChannelError.ioOnClosedChannel {
                }
                return answers
            }
            #expect(answers > 0, "the connection was closed before its time")
        }
    }

    /// A route that waits until it is cancelled, and reports the cancellation.
    func waiting(_ started: AsyncStream<Void>.Continuation, _ ended: AsyncStream<Void>.Continuation) -> Route {
        Route(.get, "/wait", .everybody) { call in
            try await call.untilGone {
                started.finish()
                defer { ended.finish() }
                try await Task.sleep(for: .seconds(3600))
            }
            return .noContent
        }
    }

    @Test func `a blocking query ends when its client disconnects`() async throws {
        let (starts, started) = AsyncStream<Void>.makeStream()
        let (ends, ended) = AsyncStream<Void>.makeStream()
        try await withRoutes([waiting(started, ended)]) { endpoint, _ in
            let transport = HTTPTransport(endpoint: endpoint, token: nil, options: quiet)
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await transport.send(TransportRequest(.get, ["wait"])) }
                for await _ in starts {}
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.waitForAll() }
            }
            for await _ in ends {}
        }
    }

    @Test func `shutdown ends a blocking query with a response`() async throws {
        let (starts, started) = AsyncStream<Void>.makeStream()
        let (ends, ended) = AsyncStream<Void>.makeStream()
        try await withRoutes([waiting(started, ended)]) { endpoint, services in
            async let pending = ask(.GET, endpoint, "/wait")
            for await _ in starts {}
            await services.triggerGracefulShutdown()
            let answer = try await pending
            #expect(answer.status == 503)
            #expect(try answer.error.reason == .unavailable)
            for await _ in ends {}
        }
    }

    @Test func `shutdown breaks a stream, so that it does not look complete`() async throws {
        let stream = Route(.get, "/stream", .everybody) { call in
            call.stream(contentType: "text/plain") { sink in
                try await sink.send(Array("first".utf8))
                try await Task.sleep(for: .seconds(3600))
            }
        }
        try await withRoutes([stream]) { endpoint, services in
            let transport = HTTPTransport(endpoint: endpoint, token: nil, options: quiet)
            var chunks = try await transport.stream(TransportRequest(.get, ["stream"]), follows: true)
                .makeAsyncIterator()
            #expect(try await chunks.next() == Array("first".utf8))
            await services.triggerGracefulShutdown()
            let error = await #expect(throws: APIError.self) { _ = try await chunks.next() }
            #expect(error?.reason == .unavailable)
        }
    }
}
