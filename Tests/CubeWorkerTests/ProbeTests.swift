import CubeCore
import CubeTesting
import CubeSystem
import CubeTypes
import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import CubeWorker

/// Network checks against servers that send scripted responses.
@Suite(.timeLimit(.minutes(1)))
struct ProbeTests {
    /// Returns the outcome of a worker's prober. Network checks do not use the runtime.
    private func find(_ probe: HTTPProbe, timeout: Duration = .seconds(30)) async throws -> CheckOutcome {
        let check = HealthCheck(http: probe, interval: .seconds(1), timeout: timeout)
        return await prober.probe(run, .ready, of: .script(""), by: check)
    }

    private var prober: LocalProber {
        let runtime = ProcessRuntime(
            store: WorkerStore(directory: "/nonexistent"), supervisor: "", boot: "",
            secrets: SecretDirectory(path: "/nonexistent"), now: { .now() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return LocalProber(runtime: runtime, clock: ContinuousClock())
    }

    private var run: RunIdentity {
        RunIdentity(task: TaskAssignment.script("").id, placement: 1, number: 1, boot: "")
    }

    @Test(
        arguments: [
            (["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"], "answered 503"),
            (
                [
                    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n",
                    "HTTP/1.1 204 No Content\r\n\r\n",
                ], nil
            ),
        ] as [([String], String?)])
    func `Interim responses are ignored, and the final response counts`(parts: [String], failure: String?) async throws
    {
        let server = try ScriptedServer(parts)
        defer { server.close() }
        let outcome = try await find(HTTPProbe(port: .number(server.port), path: "/ready?a=b"))
        #expect(
            outcome == failure.map { .failed("GET /ready?a=b on port \(server.port) \($0)") } ?? .passed)
    }

    @Test func `the response is read to its end, so that the service can write all of it and sees an orderly close`()
        async throws
    {
        let body = String(repeating: "x", count: 4000)
        for head in ["HTTP/1.1 200 OK\r\nContent-Length: 8000\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n"] {
            let server = try ScriptedServer([head, body, body])
            defer { server.close() }
            #expect(try await find(HTTPProbe(port: .number(server.port))) == .passed)
            #expect(server.outcome.leftPolitely == true && server.outcome.sent == head.utf8.count + 8000)
        }
    }

    @Test func `no more than 10 KiB of a response are awaited`() async throws {
        let chunk = "400\r\n" + String(repeating: "x", count: 1024) + "\r\n"
        let server = try ScriptedServer(
            ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk], endless: true)
        defer { server.close() }
        #expect(try await find(HTTPProbe(port: .number(server.port))) == .passed)
        // The kernel's buffers may hold more than was read.
        #expect(server.outcome.sent < 64 << 20)
    }

    @Test(arguments: [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
            "the connection was closed before the response was complete"
        ),
        ("SSH-2.0-x\r\n", "the response is not HTTP"), ("", "the connection was closed without a response"),
    ])
    func `An incomplete or invalid HTTP response fails the check with the reason`(answer: String, failure: String)
        async throws
    {
        let server = try ScriptedServer([answer])
        defer { server.close() }
        let outcome = try await find(HTTPProbe(port: .number(server.port)))
        #expect(outcome == .failed("GET / on port \(server.port): \(failure)"))
    }

    @Test(arguments: [
        ("200,301-308", 204, false), ("200,301-308", 302, true), ("503", 503, true), ("200-399", 404, false),
    ])
    func `The declared status codes pass`(expected: String, status: Int, passes: Bool) async throws {
        let server = try ScriptedServer(["HTTP/1.1 \(status) Word\r\nContent-Length: 0\r\n\r\n"])
        defer { server.close() }
        let statuses = try #require(HTTPStatusSet(expected))
        let outcome = try await find(HTTPProbe(port: .number(server.port), status: statuses))
        let hint = statuses == .standard ? "" : ", and \(expected) passes"
        #expect(outcome == (passes ? .passed : .failed("GET / on port \(server.port) answered \(status)\(hint)")))
    }

    @Test func `declared headers are sent and replace the default headers`() async throws {
        let server = try ScriptedServer(["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
        defer { server.close() }
        let headers = ["host": "shop.example", "Authorization": "Basic eA=="]
        #expect(try await find(HTTPProbe(port: .number(server.port), headers: headers)) == .passed)
        let lines = Set(server.outcome.request.split(separator: "\r\n").map(String.init))
        #expect(
            lines == [
                "GET / HTTP/1.1", "host: shop.example", "Authorization: Basic eA==", "User-Agent: cube", "Accept: */*",
                "Connection: close",
            ])
    }

    @Test func `a check with a host connects to it and names it in the request`()
        async throws
    {
        let server = try ScriptedServer(at: "127.0.0.9", ["HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"])
        defer { server.close() }
        #expect(
            try await find(HTTPProbe(port: .number(server.port), host: "127.0.0.9"))
                == .failed("GET / on 127.0.0.9:\(server.port) answered 500"))
        #expect(server.outcome.request.contains("\r\nHost: 127.0.0.9:\(server.port)\r\n"))
        let check = HealthCheck(
            tcp: TCPProbe(port: .number(server.port), host: "127.0.0.10"), interval: .seconds(1), timeout: .seconds(30))
        #expect(
            await prober.probe(run, .live, of: .script(""), by: check)
                == .failed("127.0.0.10:\(server.port): connection refused"))
    }

    @Test(
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("localhost", nil), ("db.example", nil),
        ] as [(String, String?)])
    func `An IP address is used directly, and only a name is resolved`(host: String, expected: String?) throws {
        let address = try ProbeTarget(host: host, port: 80).address()
        #expect(address?.ipAddress == expected && address?.port == expected.map { _ in 80 })
    }

    @Test func `an invalid port number fails the check with that reason`() async throws {
        for host in [nil, "127.0.0.1", "localhost"] {
            let outcome = try await find(HTTPProbe(port: .number(65_536), host: host))
            let target = ProbeTarget(host: host, port: 65_536)
            #expect(outcome == .failed("GET / on \(target): 65536 is not a port number"))
        }
    }

    @Test func `a cancelled check ends at once, whatever the server does`() async throws {
        let server = try ScriptedServer([], closes: false)
        defer { server.close() }
        let probe = HTTPProbe(port: .number(server.port))
        try await withThrowingTaskGroup(of: CheckOutcome.self) { group in
            group.addTask { try await find(probe, timeout: .seconds(3600)) }
            try await eventually { !server.request.isEmpty }
            group.cancelAll()
            _ = try await group.next()
        }
        #expect(server.outcome.leftPolitely == true)
    }

    @Test(
        arguments: [
            (HTTPProbe.Scheme.https, false, nil),
            (.https, true, "the server's certificate is invalid or untrusted; set \"verify\": false to accept it"),
        ] as [(HTTPProbe.Scheme, Bool, String?)])
    func `An https check uses TLS and verifies the certificate only on request`(
        scheme: HTTPProbe.Scheme, verify: Bool, failure: String?
    ) async throws {
        let server = try await Self.tlsServer(Greeter("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
        let port = try #require(server.localAddress?.port)
        let outcome = try await find(HTTPProbe(port: .number(port), scheme: scheme, verify: verify))
        let subject = scheme == .https ? "HTTPS GET" : "GET"
        #expect(outcome == failure.map { .failed("\(subject) / on port \(port): \($0)") } ?? .passed)
        try await server.close()
    }

    @Test(
        arguments: [
            ("HTTP/1.0 200 OK\r\n\r\nbody", nil),
            ("HTTP/1.0 503 Busy\r\n\r\n", "answered 503"),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nbody",
                "the connection was closed before the response was complete"
            ),
            ("", "the connection was closed without a response"),
        ] as [(String, String?)])
    func `A server may close a TLS connection without close_notify, but only after a complete response`(
        answer: String, failure: String?
    ) async throws {
        let server = try await Self.tlsServer(Greeter(answer, leaves: true))
        let port = try #require(server.localAddress?.port)
        let outcome = try await find(HTTPProbe(port: .number(port), scheme: .https, verify: false))
        let words = failure.map { $0.hasPrefix("answered") ? " \($0)" : ": \($0)" }
        #expect(outcome == words.map { .failed("HTTPS GET / on port \(port)\($0)") } ?? .passed)
        try await server.close()
    }

    @Test func `a server without TLS fails an https check`() async throws {
        let server = try ScriptedServer(["HTTP/1.1 400 Bad\r\n\r\n"], listens: false)
        defer { server.close() }
        let probe = HTTPProbe(port: .number(server.port), scheme: .https)
        #expect(try await find(probe) == .failed("HTTPS GET / on port \(server.port): the response is not TLS"))
    }

    /// A server that answers every connection over TLS with an untrusted certificate.
    private static func tlsServer(_ greeter: @autoclosure @escaping @Sendable () -> Greeter) async throws -> any Channel
    {
        let certificate = try NIOSSLCertificate.fromPEMBytes(Array(TestCertificate.certificate.utf8))
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: certificate.map { .certificate($0) },
                privateKey: .privateKey(
                    try NIOSSLPrivateKey(bytes: Array(TestCertificate.key.utf8), format: .pem))))
        return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    try pipeline.addHandler(greeter())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private final class Greeter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: String
        /// Whether the server closes the TCP connection without closing TLS.
        private let leaves: Bool

        init(_ answer: String, leaves: Bool = false) {
            self.answer = answer
            self.leaves = leaves
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            guard leaves else { return }
            // Without `close`, the connection would stay open, and the test would fail.
            let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
            tls?.close(promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
