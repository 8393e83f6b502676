import CubeCore
import CubeErrors
import CubeManager
import CubeManagerClient
import CubeTesting
import CubeTypes
import CubeWorkerClient
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOHTTP1
import Synchronization
import Testing

@testable import CubeServer

/// One test for each item of the OWASP API Security Top 10 of 2023.
@Suite("OWASP API Security Top 10, 2023", .timeLimit(.minutes(2)))
struct OWASPTests {
    private let world = ManagerEndpointTests()
    private let prefix = "/api/v1/manager"

    /// Takes the lease of the owner `default`, and returns its fence.
    private func lease(_ client: ManagerClient) async throws -> Int {
        try await client.lease(.default, with: LeaseRequest(holder: "test", source: world.source)).fence
    }

    @Test func `API1 broken object level authorization: a known id does not give access to the task of another owner`()
        async throws
    {
        try await world.withManager { client, _ in
            let fence = try await lease(client)
            let task = world.proposal(owner: .default)
            _ = try await client.schedule(ScheduleRequest(owner: .default, fence: fence, maxLive: 1, task: task))
            let stop = StopRequest(id: task.id, name: task.name, ordinal: 0, attempt: 0)
            for (owner, fence) in [(OwnerName.manual, 0), ("other", 0), (.default, 0), (.default, fence + 1)] {
                var statuses: [Int] = []
                do {
                    let batch = BatchRequest(owner: owner, fence: fence, operations: [.stop(stop)])
                    statuses = try await client.batch(batch).results.map(\.status)
                } catch let error as APIError {
                    statuses = [error.status]
                }
                #expect(statuses.allSatisfy { $0 >= 400 }, "\(owner) \(fence)")
                #expect(try await client.task(task.id).state == .pending)
            }
        }
    }

    @Test func `API2 broken authentication: only a valid token in the Authorization field is accepted`() async throws {
        let secret = tokens[.write]!
        try await world.withManager { _, endpoint in
            let attempts: [(query: String, headers: HTTPHeaders)] = [
                ("", [:]), ("?token=\(secret)", [:]), ("?access_token=\(secret)", [:]),
                ("", ["Cookie": "token=\(secret)"]), ("", ["X-API-Key": secret]), ("", ["Authorization": secret]),
                ("", ["Authorization": "Basic \(secret)"]), ("", ["Authorization": "Bearer \(secret.dropLast())"]),
                ("", ["Authorization": "Bearer \(secret), Bearer \(secret)"]),
                ("", ["Authorization": "Bearer wrong", "authorization": "Bearer \(secret)"]),
                ("", ["Authorization": "Bearer \(Digest.sha256(of: secret))"]),
            ]
            for (query, headers) in attempts {
                let answer = try await ask(.GET, endpoint, "\(prefix)/owners\(query)", token: nil, headers: headers)
                #expect(answer.status == 401, "\(query) \(headers)")
                #expect(!String(decoding: answer.body, as: UTF8.self).contains(secret.dropLast()))
            }
            #expect(try await ask(.GET, endpoint, "\(prefix)/owners", token: .write).status == 200)
        }
    }

    @Test func `API3 broken object property level authorization: secrets are not shown, and results cannot be set`()
        async throws
    {
        try await world.withManager { client, endpoint in
            _ = try await client.schedule(ScheduleRequest(owner: .manual, maxLive: 1, task: world.proposal()))
            let shown = try await ask(.GET, endpoint, "\(prefix)/tasks", token: .read)
            #expect(shown.status == 200)
            #expect(!String(decoding: shown.body, as: UTF8.self).contains("hunter2"))

            let digest = Digest.sha256(of: "secret")
            let issued = try await ask(
                .POST, endpoint, "\(prefix)/tokens",
                body: """
                    {"name": "ci", "role": "read", "lifetime": "1h", "digest": "\(digest)", "created_by": "root",
                     "created_from": "nowhere", "expires_at": "2999-01-01T00:00:00Z", "last_used_at": "2999-01-01T00:00:00Z"}
                    """)
            let token = try JSONDecoder().decode(TokenInfo.self, from: issued.body)
            #expect(token.createdBy == "local:write" && token.createdFrom == "127.0.0.1")
            #expect(token.expiresAt == token.createdAt + .seconds(3600) && token.lastUsedAt == nil)
            let listed = try await ask(.GET, endpoint, "\(prefix)/tokens")
            for body in [issued.body, listed.body] {
                #expect(!String(decoding: body, as: UTF8.self).contains(digest.hexadecimal))
            }

            let scheduled = try await ask(
                .POST, endpoint, "\(prefix)/tasks",
                body: #"{"name": "job", "command": ["true"], "state": "completed", "node": "w9", "restarts": 7}"#)
            let task = try JSONDecoder().decode(TaskStatus.self, from: scheduled.body)
            #expect(task.state == .pending && task.node == nil && task.restarts == 0)
        }
    }

    @Test func `API4 unrestricted resource consumption: everything that a client sends or asks for is bounded`()
        async throws
    {
        try await world.withManager { _, endpoint in
            let operations = Array(
                repeating: #"{"stop": {"id": "\#(world.unknown)", "name": "a", "ordinal": 0, "attempt": 0}}"#,
                count: BatchRequest.maximum + 1)
            let requests: [(HTTPMethod, String, HTTPHeaders, String?, Int)] = [
                (.GET, "/tasks?limit=1001", [:], nil, 400), (.GET, "/events?limit=1000000", [:], nil, 400),
                (.GET, "/events?wait=61s", [:], nil, 400),
                (.POST, "/tasks", [:], String(repeating: " ", count: 1 << 20 + 1), 413),
                (.POST, "/tasks", [:], String(repeating: "[", count: 100_000), 400),
                (
                    .POST, "/tasks/batch", [:],
                    #"{"owner": "manual", "operations": [\#(operations.joined(separator: ","))]}"#,
                    400
                ),
                (.GET, "/owners", ["X-Padding": String(repeating: "x", count: 40_000)], nil, 431),
                (.GET, "/owners", HTTPHeaders((0..<200).map { ("X-\($0)", "y") }), nil, 431),
            ]
            for (method, path, headers, body, status) in requests {
                let answer = try await ask(method, endpoint, prefix + path, headers: headers, body: body)
                #expect(answer.status == status, "\(method) \(path)")
                #expect(answer.body.count < 100_000)
            }
        }
    }

    @Test func `API5 broken function level authorization: no spelling of a request gets past the role`() async throws {
        try await world.withManager { client, endpoint in
            let overrides: [HTTPHeaders] = [
                ["X-HTTP-Method-Override": "DELETE"], ["X-HTTP-Method": "DELETE"], ["X-Method-Override": "DELETE"],
                ["X-Original-URL": "\(prefix)/tokens"], ["X-Rewrite-URL": "\(prefix)/tokens"],
                ["X-Forwarded-For": "127.0.0.1"], ["X-Forwarded-User": "root"], ["X-Role": "write"],
            ]
            for headers in overrides {
                let answer = try await ask(.GET, endpoint, "\(prefix)/owners", token: .read, headers: headers)
                #expect(answer.status == 200, "\(headers)")
                let refused = try await ask(.GET, endpoint, "\(prefix)/tokens", token: .read, headers: headers)
                #expect(refused.status == 403, "\(headers)")
            }
            for path in [
                "/API/v1/manager/tokens", "\(prefix)/tokens/", "\(prefix)//tokens", "/\(prefix)/tokens",
                "\(prefix)/owners/../tokens", "\(prefix)/./tokens", "\(prefix)/tokens;a", "\(prefix)/tokens%2f",
                "\(prefix)/%74okens", "\(prefix)/tokens%00", "/healthz/..\(prefix)/tokens",
            ] {
                let answer = try await ask(.GET, endpoint, path, token: .read)
                #expect([403, 404, 405].contains(answer.status), "\(path): \(answer.status)")
            }
            let error = await #expect(throws: APIError.self) {
                try await ManagerClient(endpoint: endpoint, token: tokens[.read], options: quiet).forget(.default)
            }
            #expect(error?.reason == .forbidden)
        }
    }

    @Test func `API6 unrestricted access to sensitive business flows: nobody prunes a cluster at once`() async throws {
        try await world.withManager { client, _ in
            let fence = try await lease(client)
            var stops: [BatchOperation] = []
            for number in 0..<8 {
                let task = world.proposal("n\(number)", owner: .default)
                _ = try await client.schedule(ScheduleRequest(owner: .default, fence: fence, maxLive: 1, task: task))
                stops.append(
                    .stop(StopRequest(id: task.id, name: task.name, ordinal: 0, attempt: 0, prune: true)))
            }
            let answer = try await client.batch(BatchRequest(owner: .default, fence: fence, operations: stops))
            #expect(answer.results.allSatisfy { $0.error?.reason == .guardWindow })
            #expect(try await client.tasks(owner: .default).tasks.allSatisfy { $0.state == .pending })
        }
    }

    @Test func `API7 server side request forgery: users cannot choose whom a manager calls, and nobody is redirected`()
        async throws
    {
        try await world.withManager { client, endpoint in
            let body = String(decoding: try JSONEncoder().encode(world.worker), as: UTF8.self)
            for role in [TokenSet.Role.read, .write] {
                let answer = try await ask(.POST, endpoint, "\(prefix)/workers", token: role, body: body)
                #expect(answer.status == 403)
            }
            #expect(try await client.workers().nodes.isEmpty)
        }
        let called = Mutex(0)
        let target = Route(.get, "/{any}", .everybody) { _ in
            called.withLock { $0 += 1 }
            return .noContent
        }
        try await withRoutes([target]) { inside, _ in
            let redirect = Route(.get, "/api/v1/worker/info", .everybody) { _ in
                Response(status: .temporaryRedirect, headers: [.location: "\(inside)/secret"])
            }
            try await withRoutes([redirect]) { endpoint, _ in
                let worker = WorkerClient(endpoint: endpoint, token: tokens[.worker], options: quiet)
                let error = await #expect(throws: APIError.self) { try await worker.info() }
                #expect(error?.reason == .malformedAnswer, "\(String(describing: error))")
            }
        }
        #expect(called.withLock(\.self) == 0)
    }

    @Test func `API8 security misconfiguration: the defaults are closed, and errors reveal nothing`() async throws {
        struct Secret: Error, CustomStringConvertible { var description: String { "/var/lib/cube/swordfish" } }
        let broken = Route(.get, "/broken", .everybody) { _ in throw Secret() }
        try await withRoutes([broken]) { endpoint, _ in
            let answer = try await ask(.GET, endpoint, "/broken", headers: ["Origin": "http://evil.example"])
            #expect(answer.status == 500)
            #expect(!String(decoding: answer.body, as: UTF8.self).contains("swordfish"))
            #expect(answer.headers["Cache-Control"] == ["no-store"])
            #expect(answer.headers["X-Content-Type-Options"] == ["nosniff"])
            #expect(answer.headers["Access-Control-Allow-Origin"] == [] && answer.headers["Server"] == [])
            let preflight = try await ask(
                .OPTIONS, endpoint, "/broken", token: nil,
                headers: ["Origin": "http://evil.example", "Access-Control-Request-Method": "GET"])
            #expect(preflight.status == 405 && preflight.headers["Access-Control-Allow-Methods"] == [])
            #expect(try await ask(.TRACE, endpoint, "/broken", token: nil).status == 405)
        }
        #expect(throws: APIError.self) {
            try ServerOptions(listen: .tcp(host: "0.0.0.0", port: 8081), tokens: tokens)
        }
        #expect("\(tokens)" == "tokens of [\"read\", \"worker\", \"write\"]")
    }

    @Test func `API9 improper inventory management: every endpoint is described, and other versions are refused`()
        async throws
    {
        let manager = try await ManagerService.open(
            store: MemoryStore(cluster: world.cluster), gateway: world.workers, logger: silent,
            now: { Timestamp(milliseconds: 0) })
        let routes = RouteTable.manager(manager).routes
        try await world.withManager { _, endpoint in
            let document = try JSON(reading: Array(try await ask(.GET, endpoint, "/openapi.json", token: nil).body))
            for route in routes {
                let operation = document["paths"]?[route.pattern]?[route.method.rawValue.lowercased()]
                #expect(operation?["operationId"]?.string == route.operation.id, "\(route.pattern)")
            }
            #expect(routes.count > 40)
            for path in ["/api/v0/manager/tasks", "/api/v2/manager/tasks"] {
                #expect(try await ask(.GET, endpoint, path).error.reason == .incompatibleVersion)
            }
            for path in ["/api/manager/tasks", "/debug", "/admin", "/.env", "/api/v1/manager"] {
                #expect(try await ask(.GET, endpoint, path).status == 404, "\(path)")
            }
        }
    }

    @Test func `API10 unsafe consumption of APIs: what another server answers is bounded and checked`() async throws {
        let hostile = String(repeating: "\u{1B}]0;owned\u{7}", count: 100_000)
        let answers: [(HTTPResponse.Status, String, String)] = [
            (.ok, "application/json", "{"), (.ok, "application/json", #"{"name": 7}"#), (.ok, "text/html", "<p>hello"),
            (.ok, "application/json", #"{"name": "\#(String(repeating: "x", count: 1 << 21))"}"#),
            (.internalServerError, "text/html", hostile), (.badGateway, "application/json", #"{"message": 7}"#),
        ]
        for (status, type, body) in answers {
            let route = Route(.get, "/api/v1/worker/info", .everybody) { _ in
                Response(
                    status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: .init(string: body)))
            }
            try await withRoutes([route]) { endpoint, _ in
                var options = ClientOptions(logger: silent)
                options.answerLimit = 1 << 20
                options.retries.attempts = 1
                let worker = WorkerClient(endpoint: endpoint, token: tokens[.worker], options: options)
                let error = await #expect(throws: APIError.self) { try await worker.info() }
                let message = error?.message ?? ""
                #expect(message.utf8.count < 2000, "\(status) \(type)")
                #expect(!message.unicodeScalars.contains("\u{1B}"), "\(status) \(type)")
            }
        }
    }
}
