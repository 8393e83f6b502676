import CubeErrors
import CubeManager
import CubeOrchestratorClient
import CubeTypes
import Hummingbird
import Synchronization
import Testing

@testable import CubeServer
@testable import CubeTransport

/// Tests several managers with one leader. The other managers are scripted, because the present manager always runs
/// alone.
@Suite("Several managers", .timeLimit(.minutes(1)))
struct LeaderTests {
    /// Runs a server that is not the leader and names the leader.
    private func withFollower(
        of leader: @Sendable @escaping () -> Endpoint?, _ body: (Endpoint, Count) async throws -> Void
    ) async throws {
        let count = Count()
        let routes = [HTTPRequest.Method.get, .post].flatMap { method in
            ["cluster", "tasks"].map { path in
                Route(method, "/api/v1/manager/\(path)", .everybody) { _ in
                    count.value.withLock { $0 += 1 }
                    let leader = leader()
                    var response = try Response.error(
                        APIError(.notLeader, "another one leads", details: leader.map { ["leader": $0.rawValue] }))
                    response.headers[.init(FailoverWire.leader)!] = leader?.rawValue
                    return response
                }
            }
        }
        try await withRoutes(routes) { endpoint, _ in try await body(endpoint, count) }
    }

    private final class Count: Sendable {
        let value = Mutex(0)
        var now: Int { value.withLock(\.self) }
    }

    private func client(_ managers: [Endpoint]) -> OrchestratorClient {
        let retries = RetryPolicy(attempts: 5, base: .zero)
        return OrchestratorClient(
            managers: StaticDiscovery(managers), token: tokens[.write],
            options: ClientOptions(retries: retries, logger: silent))
    }

    @Test func `a client switches to the leader and stays there`() async throws {
        let world = ManagerEndpointTests()
        try await world.withService { manager, leader in
            try await withFollower(of: { leader }) { follower, asked in
                let system = client([follower])
                let request = ScheduleRequest(owner: .manual, maxLive: 1, task: world.proposal())
                let scheduled = try await system.manager.schedule(request)
                #expect(scheduled.created)
                for _ in 0..<3 {
                    let cluster = try await system.manager.clusterStatus()
                    #expect(cluster.tasks == ["pending": 1])
                }
                #expect(asked.now == 1)
                let events = try await manager.events(since: 0, limit: 10, wait: .zero).events
                #expect(events.map(\.kind) == [.taskPending])
            }
        }
    }

    @Test func `if the leader is unknown, the client calls the next manager`() async throws {
        try await ManagerEndpointTests().withService { _, leader in
            try await withFollower(of: { nil }) { follower, asked in
                let system = client([follower, leader])
                for _ in 0..<3 { _ = try await system.manager.clusterStatus() }
                #expect(asked.now == 1)
            }
        }
    }

    @Test func `if the named leader is unavailable, the client returns to its list`() async throws {
        var free: [Endpoint] = []
        try await withRoutes([]) { endpoint, _ in free = [endpoint] }
        let named = Mutex(free.first)
        try await ManagerEndpointTests().withService { _, leader in
            try await withFollower(of: {
                named.withLock { named in
                    defer { named = leader }
                    return named
                }
            }) { follower, asked in
                let system = client([follower])
                _ = try await system.manager.clusterStatus()
                #expect(asked.now == 2)
            }
        }
    }

    @Test func `two managers that name each other do not cause an endless loop`() async throws {
        let other = Mutex(nil as Endpoint?)
        try await withFollower(of: { other.withLock(\.self) }) { first, askedFirst in
            try await withFollower(of: { first }) { second, askedSecond in
                other.withLock { $0 = second }
                let error = await #expect(throws: APIError.self) {
                    try await client([first]).manager.clusterStatus()
                }
                #expect(error?.reason == .notLeader)
                #expect(error?.details == ["leader": second.rawValue])
                #expect((askedFirst.now, askedSecond.now) == (3, 2))
            }
        }
    }
}
