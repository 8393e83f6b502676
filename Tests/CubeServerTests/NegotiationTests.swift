import CubeErrors
import CubeManagerClient
import CubeTypes
import CubeVersion
import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1
import Synchronization
import Testing

@testable import CubeServer
@testable import CubeTransport

@Suite("Version negotiation", .timeLimit(.minutes(1)))
struct NegotiationTests {
    /// A server of a later version that no longer supports the API version of this one.
    private func withLaterServer(_ body: (Endpoint) async throws -> Void) async throws {
        let route = Route(.get, "/api/v7/manager/cluster", .everybody) { _ in try .json(1) }
        try await withServer {
            [
                HTTPServer(
                    table: RouteTable(routes: [route]), options: $0, logger: silent,
                    version: VersionInfo(version: "9.0.0", api: 7, oldestAPI: 6))
            ]
        } _: { endpoint, _ in
            try await body(endpoint)
        }
    }

    @Test func `every call refuses a server with an unsupported version, and says what to do`() async throws {
        try await withLaterServer { endpoint in
            let wire = EveryCallTests.Noting(NetworkWire(endpoint, options: quiet))
            let client = ManagerClient(wire: wire, token: tokens[.write], options: quiet)
            let calls: [@Sendable () async throws -> Void] = [
                { _ = try await client.clusterStatus() },
                { try await client.ready() },
                { _ = try await client.logs(of: ManagerEndpointTests().unknown) },
                { try await client.remove(ManagerEndpointTests().node) },
                { for try await _ in client.watch(owner: .manual) {} },
            ]
            for call in calls {
                let error = await #expect(throws: APIError.self) { try await call() }
                #expect(error?.reason == .incompatibleVersion)
                #expect(error?.retry == false)
                #expect(
                    error?.message.hasSuffix(
                        ": the server (Cube 9.0.0) speaks versions 6 to 7 of the HTTP API, but this client "
                            + "(\(ProductVersion.current)) speaks version 1; upgrade the client") == true,
                    "\(String(describing: error))")
            }
            // The call is not retried.
            #expect(wire.asked.withLock(\.count) == calls.count)
        }
    }

    @Test func `every response contains the server's version, and an unsupported version is reported`() async throws {
        try await withRoutes([Route(.get, "/a", .everybody) { _ in try .json(1) }]) { endpoint, _ in
            for path in ["/a", "/nothing"] {
                let answer = try await ask(.GET, endpoint, path)
                #expect(answer.headers.first(name: VersionInfo.headerName) == VersionInfo().header)
            }
            #expect(try await ask(.GET, endpoint, "/api/v1/nothing").error.reason == .routeNotFound)
        }
        try await withLaterServer { endpoint in
            let answer = try await ask(.GET, endpoint, "/api/v1/manager/tasks")
            #expect(answer.headers.first(name: VersionInfo.headerName) == "9.0.0; api=6-7")
            #expect(try answer.error.reason == .incompatibleVersion)
            #expect(try answer.error.details == ["oldest_api": "6", "api": "7"])
        }
    }

    @Test func `a client checks a server again after its version changes`() async throws {
        let script = RetryTests.Script(
            ["9.0.0; api=7-9", "9.0.0; api=7-9", "8.0.0; api=1-8", "0.0.1; api=0-0", "nonsense"].map {
                .success(RetryTests.answer(200, [("cube-version", $0)]))
            })
        let transport = HTTPTransport(wire: script, options: quiet)
        for isRefused in [true, true, false, false, false] {
            do {
                try await transport.send(TransportRequest(.get, ["a"]))
                #expect(!isRefused)
            } catch let error as APIError {
                #expect(isRefused && error.reason == .incompatibleVersion)
            }
        }
    }

    @Test func `each client warns once about a deprecated endpoint and names its replacement`() async throws {
        let deprecation = Deprecation(
            since: SemanticVersion(0, 3, 0), until: SemanticVersion(0, 5, 0), replacement: "GET /b; it is better")
        let routes = [
            Route(.get, "/a", .everybody, deprecation: deprecation) { _ in try .json(1) },
            Route(.get, "/b", .everybody) { _ in try .json(1) },
            Route(.get, "/c", .everybody, deprecation: deprecation) { _ in throw APIError(.conflict, "not now") },
        ]
        try await withRoutes(routes) { endpoint, _ in
            for _ in 0..<2 {
                let recorder = Recorder()
                let transport = HTTPTransport(
                    endpoint: endpoint, token: nil,
                    options: ClientOptions(logger: Logger(label: "test", factory: { _ in recorder })))
                try await transport.send(TransportRequest(.get, ["b"], operation: "b"))
                #expect(recorder.messages.withLock(\.self) == [])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask { try await transport.send(TransportRequest(.get, ["a"], operation: "a")) }
                    }
                    try await group.waitForAll()
                }
                let told = "is deprecated since Cube 0.3.0 and will be removed in 0.5.0; use GET /b; it is better"
                #expect(recorder.messages.withLock(\.self) == ["GET \(endpoint)/a \(told)"])
                // An error response also contains the deprecation.
                for _ in 0..<2 {
                    let error = await #expect(throws: APIError.self) {
                        try await transport.send(TransportRequest(.get, ["c"], operation: "c"))
                    }
                    #expect(error?.reason == .conflict)
                }
                #expect(recorder.messages.withLock { $0.dropFirst() } == ["GET \(endpoint)/c \(told)"])
            }
        }
        let document = try JSON(OpenAPIDocument(title: "test", routes: routes).json)
        let operation = document["paths"]?["/a"]?["get"]
        #expect(operation?["deprecated"] == .boolean(true))
        #expect(operation?["description"]?.string?.hasSuffix("Use GET /b; it is better instead.") == true)
        #expect(document["paths"]?["/b"]?["get"]?["deprecated"] == nil)
    }

    /// Records warnings.
    final class Recorder: LogHandler {
        let messages = Mutex<[String]>([])
        var metadata: Logger.Metadata {
            get { [:] }
            set {}
        }
        var logLevel: Logger.Level {
            get { .warning }
            set {}
        }
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { nil }
            set {}
        }
        func log(event: LogEvent) { messages.withLock { $0.append("\(event.message)") } }
    }
}
