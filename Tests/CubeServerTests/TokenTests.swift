import CubeCore
import CubeErrors
import CubeManager
import CubeManagerClient
import CubeTesting
import CubeTypes
import FoundationEssentials
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Testing

@testable import CubeServer

@Suite("Issued tokens at a server", .timeLimit(.minutes(1)))
struct TokenTests {
    private let world = ManagerEndpointTests()
    private let secret = String(repeating: "5", count: 64)

    /// Runs a manager whose time passes only on `clock`, and whose waiting calls check their token all the time.
    private func withManager(
        on clock: ManualClock = ManualClock(), interceptor: (any CallInterceptor)? = nil,
        _ body: (ManagerClient, Endpoint) async throws -> Void
    ) async throws {
        let manager = try await ManagerService.open(
            store: MemoryStore(cluster: world.cluster), gateway: world.workers, logger: silent, now: { clock.timestamp }
        )
        try await withServer { options in
            var options = options
            options.tokenCheckInterval = .milliseconds(10)
            options.interceptor = interceptor
            return [manager, ManagerServer(manager, options: options, logger: silent)]
        } _: { endpoint, _ in
            try await eventually { try await ask(.GET, endpoint, "/readyz", token: nil).status != 503 }
            try await body(ManagerClient(endpoint: endpoint, token: tokens[.write], options: quiet), endpoint)
        }
    }

    @Test func `a token that several roles have always counts for the same one`() {
        let same = TokenSet([.read: "a", .write: "a", .worker: "a"])
        #expect(same.role(presenting: "a") == .worker && same.role(presenting: "b") == nil)
    }

    private func client(_ endpoint: Endpoint) -> ManagerClient {
        ManagerClient(endpoint: endpoint, token: secret, options: quiet)
    }

    private func request(_ role: TokenRole = .write, lifetime: Duration = .seconds(3600)) -> TokenRequest {
        TokenRequest(name: "ci", role: role, digest: .sha256(of: secret), lifetime: lifetime)
    }

    @Test func `an issued token works until it is revoked`() async throws {
        try await withManager { admin, endpoint in
            let user = client(endpoint)
            let before = await #expect(throws: APIError.self) { try await user.owners() }
            #expect(before?.details == ["token": "wrong"])
            try await admin.issueToken(request())
            _ = try await user.owners()
            let listed = try await admin.tokens().tokens
            #expect(listed.map(\.name) == ["ci"] && listed[0].lastUsedAt != nil)
            try await admin.revokeToken("ci")
            let after = await #expect(throws: APIError.self) { try await user.owners() }
            #expect(after?.reason == .unauthorized && after?.message.contains("revoked") == true)
        }
    }

    @Test func `an expired token is refused by name and time`() async throws {
        let clock = ManualClock()
        try await withManager(on: clock) { admin, endpoint in
            let token = try await admin.issueToken(request(lifetime: .seconds(60)))
            _ = try await client(endpoint).owners()
            clock.advance(by: .seconds(60))
            let answer = try await ask(
                .GET, endpoint, "/api/v1/manager/owners", token: nil, headers: ["Authorization": "Bearer \(secret)"])
            #expect(answer.status == 401)
            #expect(answer.headers["WWW-Authenticate"] == ["Bearer realm=\"cube\", error=\"invalid_token\""])
            #expect(try answer.error.message == "token ci expired at \(token.expiresAt)")
            #expect(try answer.error.details == ["token": "expired"])
            #expect(try await admin.tokens().tokens.map(\.state) == [.expired])
        }
    }

    @Test func `revoking a token ends its calls that wait`() async throws {
        let arrival = Arrival(of: "listEndpoints")
        try await withManager(interceptor: arrival) { admin, endpoint in
            try await admin.issueToken(request(.read))
            let revision = try await admin.clusterStatus().revision
            // A change of tokens changes no endpoint, so that only the revocation can end the call.
            async let refusal = refusal {
                _ = try await client(endpoint).endpoints(since: revision, wait: .seconds(50))
            }
            for await _ in arrival.arrivals {}
            try await admin.revokeToken("ci")
            #expect(await refusal?.reason == .unauthorized)
        }
    }

    private func refusal(of call: @Sendable () async throws -> Void) async -> APIError? {
        do { try await call() } catch { return error as? APIError }
        return nil
    }

    /// Ends a sequence when a call is served.
    private struct Arrival: CallInterceptor {
        let operation: String
        let arrivals: AsyncStream<Never>
        private let arrived: AsyncStream<Never>.Continuation

        init(of operation: String) {
            self.operation = operation
            (arrivals, arrived) = AsyncStream.makeStream()
        }

        func willServe(_ call: InterceptedCall) { if call.operation == operation { arrived.finish() } }
        func didServe(_ call: InterceptedCall) {}
    }

    @Test func `a stream ends when its token expires`() async throws {
        let clock = ManualClock()
        try await withManager(on: clock) { admin, endpoint in
            try await admin.issueToken(request(.read, lifetime: .seconds(60)))
            let answer = try await exchangeHead(
                "GET /api/v1/manager/events?follow HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(secret)\r\n\r\n",
                with: endpoint
            ) { clock.advance(by: .seconds(60)) }
            #expect(answer.hasPrefix("HTTP/1.1 200 OK") && answer.contains("token_created"))
            // The last chunk is missing, so that the client does not take the stream for complete.
            #expect(!answer.hasSuffix("0\r\n\r\n"))
        }
    }

    @Test func `the history names the token and the address behind each change`() async throws {
        try await withManager { admin, endpoint in
            try await admin.issueToken(request())
            let user = client(endpoint)
            let task = try await user.schedule(
                ScheduleRequest(owner: .manual, maxLive: 1, task: world.proposal())
            ).task
            _ = try await admin.stop(task.id)
            let events = try await admin.events(since: 0).events
            #expect(
                events.map { "\($0.kind) \($0.actor ?? "-") \($0.origin ?? "-")" } == [
                    "token_created local:write 127.0.0.1", "task_pending token:ci 127.0.0.1",
                    "task_stopped local:write 127.0.0.1",
                ])
        }
    }

    @Test func `a token that may write issues tokens, but none that outlives it`() async throws {
        try await withManager { admin, endpoint in
            try await admin.issueToken(request())
            func issue(_ name: TokenName, _ lifetime: Duration) async throws {
                try await client(endpoint).issueToken(
                    TokenRequest(name: name, role: .read, digest: .sha256(of: "\(name)"), lifetime: lifetime))
            }
            try await issue("short", .seconds(600))
            let error = await #expect(throws: APIError.self) { try await issue("long", .seconds(7200)) }
            #expect(error?.reason == .forbidden)
            let listed = try await admin.tokens().tokens
            #expect(listed.map(\.name) == ["ci", "short"] && listed[1].createdBy == "token:ci")
        }
    }

    @Test func `refused calls are counted by reason`() async throws {
        try await withManager { admin, endpoint in
            for token in [nil, TokenSet.Role.read] {
                _ = try await ask(.GET, endpoint, "/api/v1/manager/tokens", token: token)
            }
            _ = try await ask(
                .GET, endpoint, "/api/v1/manager/tokens", token: nil, headers: ["Authorization": "Bearer \(secret)"])
            let text = String(decoding: try await ask(.GET, endpoint, "/metrics").body, as: UTF8.self)
            #expect(
                text.split(separator: "\n").filter { $0.hasPrefix("cube_refused_calls_total{") } == [
                    "cube_refused_calls_total{reason=\"expired\"} 0",
                    "cube_refused_calls_total{reason=\"forbidden\"} 1",
                    "cube_refused_calls_total{reason=\"missing\"} 1", "cube_refused_calls_total{reason=\"wrong\"} 1",
                ])
        }
    }

    /// Sends some bytes, calls `onAnswer` when the answer begins, and reads until the server closes the connection.
    private func exchangeHead(
        _ text: String, with endpoint: Endpoint, _ onAnswer: @escaping @Sendable () -> Void
    ) async throws -> String {
        try await withConnection(to: endpoint) { inbound, outbound in
            var answer = ""
            try await outbound.write(.init(string: text))
            for try await bytes in inbound {
                answer += String(buffer: bytes)
                if answer.contains("token_created") { onAnswer() }
            }
            return answer
        }
    }
}
