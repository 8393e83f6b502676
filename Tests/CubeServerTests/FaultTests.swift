import CubeErrors
import CubeTesting
import CubeTransport
import CubeTypes
import HTTPTypes
import Synchronization
import Testing

@testable import CubeServer

/// Tests the client behind a faulty proxy.
@Suite("A client behind a faulty proxy", .timeLimit(.minutes(2)))
struct FaultTests {
    static let page: String = {
        let body = "<html><h1>Bad\nGateway</h1> <p>\"x\"</p></html>"
        return "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: \(body.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(body)"
    }()

    @Test(arguments: [0, 1, 20, 150])
    func `a stalled response is a timeout, and a truncated response is unavailable`(length: Int) async throws {
        let route = Route(.get, "/a", .everybody) { _ in try .json(String(repeating: "x", count: 1000)) }
        try await withRoutes([route]) { endpoint, _ in
            // Only the stalled response may reach its deadline, however busy the machine is.
            for (fault, reason, deadline) in [
                (FaultyProxy.Fault.stall(after: length), ErrorReason.timeout, Duration.milliseconds(200)),
                (.truncate(after: length), .unavailable, .seconds(30)),
            ] {
                try await FaultyProxy.run(before: endpoint) {
                    fault
                } _: { proxy in
                    let transport = HTTPTransport(
                        endpoint: proxy, token: nil, options: ClientOptions(logger: silent))
                    let error = await #expect(throws: APIError.self) {
                        try await transport.send(
                            TransportRequest(.get, ["a"], deadline: deadline), as: String.self)
                    }
                    #expect(error?.reason == reason, "\(String(describing: error))")
                    #expect(error?.isFromServer == false)
                }
            }
        }
    }

    @Test func `the error page of a proxy is quoted without its tags`() async throws {
        try await withRoutes([Route(.get, "/a", .everybody) { _ in try .json(1) }]) { endpoint, _ in
            try await FaultyProxy.run(before: endpoint) {
                .page(Self.page)
            } _: { proxy in
                let transport = HTTPTransport(
                    endpoint: proxy, token: nil,
                    options: ClientOptions(retries: RetryPolicy(attempts: 1), logger: silent))
                let error = await #expect(throws: APIError.self) {
                    try await transport.send(TransportRequest(.get, ["a"]))
                }
                #expect(error?.reason == .unavailable)
                #expect(error?.retry == true)
                #expect(error?.isFromServer == false)
                #expect(error?.message.hasSuffix("error: \"Bad Gateway 'x'\" (text/html)") == true)
            }
        }
    }

    final class Collected: Sendable {
        let lines = Mutex<[String]>([])
    }

    @Test func `a silent stream ends in time unless it follows output`() async throws {
        let route = Route(.get, "/a", .everybody) { call in
            call.stream(contentType: "text/plain") { sink in
                try await sink.send(Array("first\nsec".utf8))
                try await Task.sleep(for: .seconds(3600))
            }
        }
        try await withRoutes([route]) { endpoint, _ in
            let clock = ManualClock()
            let transport = HTTPTransport(endpoint: endpoint, token: nil, options: quiet, clock: clock)
            let collected = Collected()
            let body = try await transport.stream(TransportRequest(.get, ["a"]), follows: false)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let error = await #expect(throws: APIError.self) {
                        for try await line in body.lines { collected.lines.withLock { $0.append(line) } }
                    }
                    #expect(error?.reason == .timeout)
                }
                group.addTask {
                    try await eventually { collected.lines.withLock { !$0.isEmpty } }
                    while let deadline = await clock.untilSlept() { clock.advance(to: deadline) }
                }
                try await group.next()
                group.cancelAll()
            }
            #expect(collected.lines.withLock(\.self) == ["first"])
        }
    }
}
