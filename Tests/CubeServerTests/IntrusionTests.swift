import CubeErrors
import CubeTesting
import CubeTypes
import Glibc
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import CubeServer

/// Strangers on the network and in a browser: ambiguous requests, forms, rebound names, and very many connections.
@Suite("Strangers", .timeLimit(.minutes(5)))
struct IntrusionTests {
    /// Counts the calls of a route that changes something.
    private final class Damage: Sendable {
        let calls = Mutex(0)

        var route: Route {
            Route(.post, "/harm", .everybody) { _ in
                self.calls.withLock { $0 += 1 }
                return .noContent
            }
        }
    }

    private static let open = Route(.post, "/open", .everybody) { call in
        _ = try await call.bytes()
        return .noContent
    }

    /// The beginning of a request, and a body that is a request of its own for whoever finds another end of the first one.
    private static let smuggled =
        "POST /harm HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n"
    private static let head = "POST /open HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

    @Test(arguments: [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "Content-Length: 0\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n",
        "Content-Length: \(smuggled.utf8.count)\r\nContent-Length: 0\r\n\r\n",
        "Content-Length: \(smuggled.utf8.count), 0\r\n\r\n", "Content-Length: +\(smuggled.utf8.count)\r\n\r\n",
        "Content-Length: 0x\(String(smuggled.utf8.count, radix: 16))\r\n\r\n", "Content-Length: -1\r\n\r\n",
        "Content-Length : \(smuggled.utf8.count)\r\n\r\n", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: identity, chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n", "X: y\r\n Content-Length: 3\r\n\r\nabc",
        "Content-Length: 0\0\r\n\r\n",
    ])
    func `a request with an ambiguous end is refused, and what follows it is not executed`(rest: String) async throws {
        let damage = Damage()
        var limits = ServerLimits()
        (limits.idleTime, limits.requestTime) = (.milliseconds(300), .milliseconds(300))
        try await withRoutes([Self.open, damage.route], limits: limits) { endpoint, _ in
            let answer = try await exchange(Self.head + rest + Self.smuggled, with: endpoint)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer)")
            #expect(damage.calls.withLock(\.self) == 0, "\(answer)")
        }
    }

    @Test func `two requests on one connection are both served, so that the test above can fail`() async throws {
        let damage = Damage()
        try await withRoutes([Self.open, damage.route]) { endpoint, _ in
            let last = Self.smuggled.replacing("Host:", with: "Connection: close\r\nHost:")
            let answer = try await exchange(Self.head + "Content-Length: 0\r\n\r\n" + last, with: endpoint)
            #expect(answer.components(of: "HTTP/1.1 204") == 2, "\(answer)")
            #expect(damage.calls.withLock(\.self) == 1)
        }
    }

    @Test(arguments: ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", nil])
    func `a form on a web page cannot make a call, not even with a token`(type: String?) async throws {
        let damage = Damage()
        try await withRoutes([damage.route]) { endpoint, _ in
            var headers: HTTPHeaders = ["Origin": "http://evil.example"]
            // An empty value stands for a request without a content type.
            headers.add(name: "Content-Type", value: type ?? "")
            let answer = try await ask(.POST, endpoint, "/harm", headers: headers, body: #"{"a": "="}"#)
            #expect(answer.status == 415)
            #expect(damage.calls.withLock(\.self) == 0)
        }
    }

    @Test(arguments: [
        "evil.example", "evil.example:8081", "127.0.0.1.evil.example", "localhost.evil.example",
        "evil.example#localhost",
        "user@localhost", "localhost, evil.example", "0", "2130706433", "[::ffff:10.0.0.1]",
    ])
    func `a host name that was rebound to this machine is refused, even with a token`(host: String) async throws {
        let damage = Damage()
        try await withRoutes([damage.route]) { endpoint, _ in
            let answer = try await exchange(
                "POST /harm HTTP/1.1\r\nHost: \(host)\r\nAuthorization: Bearer \(tokens[.write]!)\r\nContent-Length: 0\r\n"
                    + "Content-Type: application/json\r\nConnection: close\r\n\r\n", with: endpoint)
            #expect(answer.hasPrefix("HTTP/1.1 40"), "\(answer)")
            #expect(damage.calls.withLock(\.self) == 0)
        }
    }

    @Test func `an HTTP 1_1 request without a host is refused`() async throws {
        let damage = Damage()
        try await withRoutes([damage.route]) { endpoint, _ in
            let answer = try await exchange(
                "POST /harm HTTP/1.1\r\nContent-Length: 0\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n",
                with: endpoint)
            #expect(answer.hasPrefix("HTTP/1.1 40"), "\(answer)")
            #expect(damage.calls.withLock(\.self) == 0)
        }
    }

    /// Opens up to 10,000 connections that send nothing, as many as the limit of open files allows.
    @Test func `ten thousand idle connections do not keep out a client with a token`() async throws {
        var limit = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        // Each connection has two ends in this process, and the server closes most of its ends at once.
        let count = min(10_000, max(100, Int(limit.rlim_cur) * 2 / 5))
        print("\(count) idle connections")
        let members = Route(.get, "/members", .worker) { _ in .noContent }
        try await withRoutes([members]) { endpoint, _ in
            guard case .tcp(_, let port) = endpoint.address else { throw NotListening() }
            let idle = try await Self.connect(count, to: port)
            defer { for descriptor in idle { close(descriptor) } }
            #expect(idle.count == count)
            #expect(try await ask(.GET, endpoint, "/members", token: .worker).status == 204)
            // The server keeps no more strangers than its limit allows.
            let limits = ServerLimits()
            try await eventually { idle.count { !Self.isClosed($0) } <= limits.strangersPerAddress }
            #expect(try await ask(.GET, endpoint, "/members", token: .worker).status == 204)
        }
    }

    private static func connect(_ count: Int, to port: Int) async throws -> [Int32] {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        // Waiting must not block a thread of the pool that all tests share, and that the server needs to take connections.
        return try await NIOThreadPool.singleton.runIfActive {
            try (0..<count).map { _ in
                let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
                let result = address.withSockAddr { Glibc.connect(descriptor, $0, socklen_t($1)) }
                guard descriptor >= 0, result == 0 else { throw NotListening() }
                return descriptor
            }
        }
    }

    /// Whether the other end has closed a connection.
    private static func isClosed(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count == 0 || count < 0 && errno != EAGAIN
    }
}

extension String {
    /// The number of times that this text contains another.
    fileprivate func components(of other: String) -> Int { ranges(of: other).count }
}
