import CubeCore
import CubeErrors
import CubeManager
import CubeManagerClient
import CubeTransport
import CubeTypes
import HTTPTypes
import Synchronization
import Testing

@testable import CubeServer

/// Between client and server stands what breaks.
@Suite("A client behind a proxy that breaks", .timeLimit(.minutes(2)))
struct FaultTests {
    static let page: String = {
        let body = "<html><h1>Bad\nGateway</h1> <p>\"x\"</p></html>"
        return "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: \(body.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(body)"
    }()

    static func faults(_ generator: inout SeededGenerator) -> FaultyProxy.Fault {
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: .close
        case 1: .hang
        case 2, 3: .truncate(after: Int.random(in: 0...400, using: &generator))
        case 4: .stall(after: Int.random(in: 0...400, using: &generator))
        case 5: .duplicate
        case 6: .page(page)
        default: .none
        }
    }

    func options(total: Duration) -> ClientOptions {
        ClientOptions(
            requestDeadline: .milliseconds(150), totalDeadline: total,
            retries: RetryPolicy(attempts: 6, base: .milliseconds(2), longest: .milliseconds(10), percentage: 100),
            logger: silent)
    }

    @Test func `no call outlasts its deadline, and none that may be made again acts twice`() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        let endpoints = ManagerEndpointTests()
        try await endpoints.withManager { direct, endpoint in
            let generator = Mutex(SeededGenerator(seed: seed))
            try await FaultyProxy.run(before: endpoint) {
                generator.withLock { Self.faults(&$0) }
            } _: { proxy in
                let clock = ContinuousClock()
                var outcomes: [ErrorReason?: Int] = [:]
                for round in 0..<60 {
                    // One client a call, as connections that work would be used again.
                    let client = ManagerClient(
                        endpoint: proxy, token: tokens[.write], options: options(total: .milliseconds(600)))
                    let request = ScheduleRequest(owner: .manual, maxLive: 1, task: endpoints.proposal("web-\(round)"))
                    var failure: APIError?
                    let span = await clock.measure {
                        do {
                            _ = try await client.schedule(request)
                        } catch {
                            failure = error as? APIError
                            if failure == nil { Issue.record("\(error)") }
                        }
                    }
                    outcomes[failure?.reason, default: 0] += 1
                    // The rest is for a machine that is busy.
                    #expect(span < .seconds(10), "seed \(seed), round \(round)")
                    if let failure { #expect(failure.requestID != nil, "\(failure)") }
                }
                // A call that failed may have acted: what counts is that none acted twice.
                let list = try await direct.tasks(owner: .manual)
                #expect(Set(list.tasks.map(\.id)).count == list.tasks.count, "seed \(seed)")
                #expect(list.slots.allSatisfy { $0.next == 1 }, "seed \(seed)")
                #expect(list.tasks.count >= outcomes[nil] ?? 0, "seed \(seed)")
                #expect(outcomes[nil] ?? 0 > 30, "seed \(seed): \(outcomes)")
                #expect(
                    outcomes.keys.allSatisfy {
                        $0.map { [.timeout, .unavailable, .malformedAnswer].contains($0) } ?? true
                    })
            }
        }
    }

    @Test(arguments: [0, 1, 20, 150])
    func `an answer that stalls is a timeout, one that breaks off is unavailable`(length: Int) async throws {
        let route = Route(.get, "/a", .everybody) { _ in try .json(String(repeating: "x", count: 1000)) }
        try await withRoutes([route]) { endpoint, _ in
            // Only the one that stalls is to run into its deadline, however busy the machine is.
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

    @Test func `a page of a proxy is quoted, without its tags`() async throws {
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
                #expect(error?.message.hasSuffix("but \"Bad Gateway 'x'\" (text/html)") == true)
            }
        }
    }

    final class Collected: Sendable {
        let lines = Mutex<[String]>([])
    }

    @Test func `a stream that falls silent ends in time, unless it follows something`() async throws {
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
                    while collected.lines.withLock(\.isEmpty) { await Task.yield() }
                    while true {
                        try Task.checkCancellation()
                        clock.advance(by: .seconds(1))
                        await Task.yield()
                    }
                }
                try await group.next()
                group.cancelAll()
            }
            #expect(collected.lines.withLock(\.self) == ["first"])
        }
    }
}
