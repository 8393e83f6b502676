@_exported public import CubeErrors
@_exported public import CubeTransport
@_exported public import CubeTypes
@_exported public import CubeVersion

/// Calls a manager: a method for each endpoint.
///
/// ```swift
/// let manager = ManagerClient(endpoint: "http://127.0.0.1:8081", token: token)
/// for try await task in manager.pages(owner: .default).tasks { print(task.name, task.state) }
/// ```
///
/// It is a value without a life cycle: make one, keep it, copy it, forget it. Copies share their retry budget.
///
/// A *node* is a machine; its *worker* is the program that runs tasks there. The manager knows a node by its worker alone, so that
/// its calls are about workers (``workers()``, ``worker(_:)``), and what they tell is how the node is (`NodeInfo`, `NodeName`).
///
/// Every method throws `APIError`, the server's own or one that says what went wrong on the way, and `CancellationError` when
/// its task is cancelled. Each call may be made twice without harm, and is made again when nobody served it, as `ClientOptions`
/// says. Besides what a method names, each may throw `unauthorized` or `forbidden` (the
/// token), `unavailable` or `timeout` (the way), `incompatible_version` (the server), `malformed_answer`.
///
/// - Since: 0.1
public struct ManagerClient: Sendable {
    let transport: HTTPTransport

    /// - Parameters:
    ///   - endpoint: where the manager listens.
    ///   - token: what it asks for on TCP; a Unix socket needs none.
    ///   - options: deadlines, retries, limits, logger.
    public init(endpoint: Endpoint, token: String? = nil, options: ClientOptions = ClientOptions()) {
        transport = HTTPTransport(endpoint: endpoint, token: token, options: options)
    }

    /// - Parameters:
    ///   - wire: what carries its requests.
    ///   - clock: what its deadlines are measured by; `nil`: the machine's.
    ///   - chance: from 0 to 1, for the pauses between attempts.
    package init(
        wire: any Wire, token: String? = nil, options: ClientOptions = ClientOptions(),
        clock: (any Clock<Duration>)? = nil, chance: @Sendable @escaping () -> Double = { .random(in: 0...1) }
    ) {
        transport = HTTPTransport(wire: wire, token: token, options: options, clock: clock, chance: chance)
    }

    /// The path of an endpoint below the manager's prefix.
    static func path(_ components: String...) -> [String] { ["api", "v1", "manager"] + components }
}

extension ManagerClient {
    /// Makes a call until somebody serves it; see `HTTPTransport.untilServed(onChange:_:)`.
    package func untilServed<Value>(
        onChange: (APIError?) -> Void = { _ in }, _ call: () async throws -> Value
    ) async throws -> Value { try await transport.untilServed(onChange: onChange, call) }

    /// What all times of its calls are measured by.
    package var clock: any Clock<Duration> { transport.clock }

    /// The versions that the manager speaks. Needs no token.
    public func version() async throws -> VersionInfo {
        try await transport.send(TransportRequest(.get, ["version"]))
    }

    /// Returns when the manager serves.
    ///
    /// - Throws: an `APIError` of code 503, with what is missing as its reason, where it does not.
    public func ready() async throws {
        try await transport.send(TransportRequest(.get, ["readyz"]))
    }
}
