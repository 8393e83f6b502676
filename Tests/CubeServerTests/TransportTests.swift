import CubeErrors
import CubeTesting
import CubeTypes
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import CubeServer
@testable import CubeTransport

@Suite("The transport", .timeLimit(.minutes(1)))
struct TransportTests {
    /// A counter.
    actor Count {
        var value = 0
        func increment() -> Int {
            value += 1
            return value
        }
    }

    func transport(_ endpoint: Endpoint) -> HTTPTransport {
        HTTPTransport(
            endpoint: endpoint, token: tokens[.read],
            options: ClientOptions(
                retries: RetryPolicy(attempts: 3, base: .milliseconds(1), longest: .milliseconds(2)), logger: silent))
    }

    @Test func `the response of a proxy becomes an error according to its status, and safe calls are retried`()
        async throws
    {
        let count = Count()
        let html = Response(
            status: .badGateway, headers: [.contentType: "text/html"],
            body: .init(byteBuffer: ByteBuffer(string: "<html>")))
        let routes = [
            Route(.get, "/a", .everybody) { _ in
                _ = await count.increment()
                return html
            },
            Route(.post, "/a", .everybody) { _ in
                _ = await count.increment()
                return html
            },
        ]
        try await withRoutes(routes) { endpoint, _ in
            let transport = transport(endpoint)
            for (request, attempts) in [
                (TransportRequest(.get, ["a"]), 3), (TransportRequest(.post, ["a"]), 1),
                (TransportRequest(.post, ["a"], isIdempotent: true), 3),
            ] {
                let before = await count.value
                let error = await #expect(throws: APIError.self) { try await transport.send(request) }
                #expect(error?.code == 502)
                #expect(error?.reason == .unavailable)
                #expect(await count.value - before == attempts)
            }
        }
    }

    /// The calls that are being served.
    actor Served {
        private var arrived = 0
        private var now = 0
        private(set) var most = 0

        /// Waits until two calls are served concurrently.
        func meet() async throws {
            arrived += 1
            now += 1
            most = max(most, now)
            let pair = arrived + arrived % 2
            defer { now -= 1 }
            try await eventually { arrived >= pair }
        }
    }

    @Test func `calls beyond the connection limit wait for a connection`() async throws {
        let served = Served()
        let route = Route(.get, "/a", .everybody) { _ in
            try await served.meet()
            return try .json([1])
        }
        try await withRoutes([route]) { endpoint, _ in
            let transport = HTTPTransport(
                endpoint: endpoint, token: tokens[.read], options: ClientOptions(connectionLimit: 2, logger: silent))
            try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<6 { group.addTask { try await transport.send(TransportRequest(.get, ["a"])) } }
                for try await answer in group { #expect(answer == [1]) }
            }
            #expect(await served.most == 2)
        }
    }

    @Test func `a call succeeds after the server has restarted`() async throws {
        let count = Count()
        let route = Route(.get, "/a", .everybody) { _ in
            guard await count.increment() == 3 else { throw APIError(.unavailable, "not yet") }
            return try .json([1])
        }
        try await withRoutes([route]) { endpoint, _ in
            let answer: [Int] = try await transport(endpoint).send(TransportRequest(.get, ["a"]))
            #expect(answer == [1])
        }
    }

    @Test(arguments: [ErrorReason.leaseHeld, .maxLive, .taskNotFound, .storageFull, .staleAttempt, "from_tomorrow"])
    func `an API error arrives unchanged and without retries`(reason: ErrorReason) async throws {
        let count = Count()
        let sent = APIError(
            reason, "because", details: ["a": "b"], fields: [ValidationError(field: "f", value: "v", message: "m")],
            isFromServer: true)
        let route = Route(.get, "/a", .everybody) { _ in
            _ = await count.increment()
            throw sent
        }
        try await withRoutes([route]) { endpoint, _ in
            var error = await #expect(throws: APIError.self) {
                try await transport(endpoint).send(TransportRequest(.get, ["a"]))
            }
            #expect(error?.requestID != nil)
            error?.requestID = nil
            #expect(error == sent)
            #expect(await count.value == 1)
        }
    }

    @Test func `an unexpected response is reported as malformed`() async throws {
        let routes = [
            Route(.get, "/a", .everybody) { _ in try .json(["a": 1]) },
            Route(.get, "/large", .everybody) { _ in try .json(String(repeating: "x", count: 1000)) },
        ]
        try await withRoutes(routes) { endpoint, _ in
            let wrong = await #expect(throws: APIError.self) {
                try await transport(endpoint).send(TransportRequest(.get, ["a"]), as: [Int].self)
            }
            #expect(wrong?.reason == .malformedAnswer)
            let large = await #expect(throws: APIError.self) {
                try await transport(endpoint).send(TransportRequest(.get, ["large"], answerLimit: 500), as: String.self)
            }
            #expect(large?.reason == .malformedAnswer)
        }
    }

    @Test func `an address without a server is unavailable, over TCP and a Unix socket`() async throws {
        var free: [Endpoint] = []
        try await withRoutes([]) { endpoint, _ in free = [endpoint] }
        for endpoint in free + [Endpoint(rawValue: "unix:/tmp/nobody-\(UInt64.random(in: 0 ... .max))")!] {
            let error = await #expect(throws: APIError.self) {
                try await transport(endpoint).send(TransportRequest(.get, ["a"]))
            }
            #expect(error?.reason == .unavailable)
            #expect(error?.retry == true)
            #expect(error?.message.contains(endpoint.rawValue) == true)
        }
    }

    @Test func `a server that does not respond in time causes a timeout`() async throws {
        let route = Route(.get, "/a", .everybody) { call in
            try await call.untilGone { try await Task.sleep(for: .seconds(3600)) }
            return .noContent
        }
        try await withRoutes([route]) { endpoint, _ in
            let error = await #expect(throws: APIError.self) {
                try await transport(endpoint).send(TransportRequest(.get, ["a"], deadline: .milliseconds(50)))
            }
            #expect(error?.reason == .timeout)
        }
    }

    @Test func `a stream arrives in pieces, and the server ends it when the client cancels`() async throws {
        let (ends, ended) = AsyncStream<Void>.makeStream()
        let route = Route(.get, "/a", .everybody) { call in
            call.stream(contentType: "text/plain") { sink in
                defer { ended.finish() }
                while true { try await sink.send(Array("line\n".utf8)) }
            }
        }
        try await withRoutes([route]) { endpoint, _ in
            var text = ""
            for try await bytes in try await transport(endpoint).stream(TransportRequest(.get, ["a"]), follows: true) {
                text += String(decoding: bytes, as: UTF8.self)
                if text.utf8.count >= 10 { break }
            }
            #expect(text.hasPrefix("line\nline\n"))
            for await _ in ends {}
        }
    }

    @Test func `an error before a stream begins is an error object`() async throws {
        let route = Route(.get, "/a", .everybody) { _ in throw APIError(.taskNotFound, "no task") }
        try await withRoutes([route]) { endpoint, _ in
            let error = await #expect(throws: APIError.self) {
                _ = try await transport(endpoint).stream(TransportRequest(.get, ["a"]), follows: true)
            }
            #expect(error?.reason == .taskNotFound)
        }
    }

    @Test func `paths and queries arrive correctly encoded`() async throws {
        let odd = "a/b?c=d&e%20+ü#\"[]"
        let route = Route(
            .get, "/a/{name}", .everybody, .test, .path("name", ""), .text("q", ""), .text("none", ""),
            .text("wait", "")
        ) { _, name, q, none, wait in
            try .json([name, q, none, wait])
        }
        try await withRoutes([route]) { endpoint, _ in
            let request = TransportRequest(
                .get, ["a", odd], query: ["q": odd, "none": nil], wait: .milliseconds(1500))
            #expect(request.deadlines(ClientOptions()) == (.milliseconds(21_500), .seconds(60)))
            let answer: [String?] = try await transport(endpoint).send(request)
            #expect(answer == [odd, odd, nil, "1500ms"])
        }
    }

    @Test func `backoff grows, is bounded, and has jitter`() {
        let policy = RetryPolicy(attempts: 5, base: .milliseconds(100), longest: .milliseconds(300))
        let error = APIError(.unavailable, "away")
        #expect(
            (1...5).map { policy.pause(after: $0, error, share: 1) } == [
                .milliseconds(100), .milliseconds(200), .milliseconds(300), .milliseconds(300), nil,
            ])
        #expect(policy.pause(after: 2, error, share: 0) == .zero)
        #expect(policy.pause(after: 1, APIError(.conflict, "no"), share: 1) == nil)
    }

    @Test(arguments: [
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081"), ("http://localhost:1/", "http://localhost:1"),
        ("http://[::1]:65535", "http://[::1]:65535"), ("unix:/run/cube.sock", "unix:/run/cube.sock"),
        ("https://127.0.0.1:80", "https://127.0.0.1:80"),
    ])
    func `an endpoint is parsed`(text: String, canonical: String) throws {
        #expect(try Endpoint(checking: text).rawValue == canonical)
    }

    @Test(arguments: [
        "", "127.0.0.1:8081", "http://127.0.0.1", "http://127.0.0.1:0", "http://127.0.0.1:65536", "http://:80",
        "https://127.0.0.1", "http://a:80/path", "http://a b:80", "http://user@host:80", "http://::1:80", "unix:",
        "http://unix:/x", "unix:/\(String(repeating: "x", count: 107))", "http://host:+80", "http://[zz]:1",
    ])
    func `an invalid endpoint is refused`(text: String) {
        #expect(throws: APIError.self) { try Endpoint(checking: text) }
    }
}
