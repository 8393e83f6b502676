import CubeTransport
import CubeTypes
import CubeVersion
import HTTPTypes
import Hummingbird
import Logging
import ServiceLifecycle
import Testing

@testable import CubeServer

let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// The options of a client that logs nothing.
let quiet = ClientOptions(logger: silent)

/// Tokens for tests, with the length of real ones.
let tokens = TokenSet([
    .read: String(repeating: "r", count: 64), .write: String(repeating: "w", count: 64),
    .worker: String(repeating: "k", count: 64),
])

/// Runs a listening service, passes its actual address to `body`, and shuts it down. A service that does not end hangs
/// the test.
///
/// - Parameter make: Creates the service from options that report the actual address.
func withServer(
    on listen: Endpoint.Address = .tcp(host: "127.0.0.1", port: 0), limits: ServerLimits = ServerLimits(),
    _ make: @Sendable (ServerOptions) throws -> [any Service],
    _ body: (Endpoint, ServiceGroup) async throws -> Void
) async throws {
    let (addresses, announcement) = AsyncStream<Endpoint>.makeStream()
    let options = try ServerOptions(listen: listen, tokens: tokens, limits: limits) { announcement.yield($0) }
    let services = ServiceGroup(services: try make(options), logger: silent)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { announcement.finish() }
            try await services.run()
        }
        var iterator = addresses.makeAsyncIterator()
        guard let endpoint = await iterator.next() else {
            try await group.waitForAll()
            throw NotListening()
        }
        do {
            try await body(endpoint, services)
        } catch {
            await services.triggerGracefulShutdown()
            throw error
        }
        await services.triggerGracefulShutdown()
        try await group.waitForAll()
    }
}

extension Operation {
    /// The operation of a test route.
    static let test = Operation("test", "A route of a test.")
}

extension Route {
    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, deprecation: Deprecation? = nil,
        respond: @Sendable @escaping (Call) async throws -> Response
    ) {
        self.init(method, path, access, .test, deprecation: deprecation, respond: respond)
    }
}

/// Runs a server with a table of routes.
func withRoutes(
    _ routes: [Route], on listen: Endpoint.Address = .tcp(host: "127.0.0.1", port: 0),
    limits: ServerLimits = ServerLimits(), _ body: (Endpoint, ServiceGroup) async throws -> Void
) async throws {
    try await withServer(on: listen, limits: limits) {
        [HTTPServer(table: RouteTable(routes: routes), options: $0, logger: silent)]
    } _: {
        try await body($0, $1)
    }
}

struct NotListening: Error {}
