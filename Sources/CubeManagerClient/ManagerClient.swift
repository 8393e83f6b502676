@_exported public import CubeErrors
@_exported public import CubeTransport
@_exported public import CubeTypes
@_exported public import CubeVersion

/// A client of a manager, with a method for each endpoint.
///
/// ```swift
/// let manager = ManagerClient(endpoint: "http://127.0.0.1:8081", token: token)
/// for try await task in manager.pages(owner: .default).tasks { print(task.name, task.state) }
/// ```
///
/// A client is a value without a life cycle: create it, keep it, copy it, discard it. Copies share their retry budget.
///
/// A *node* is a machine; its *worker* is the agent that runs tasks on it. The manager knows a node only through its worker. The
/// methods are therefore named after workers (``workers()``, ``worker(_:)``), and they return nodes (`NodeInfo`, `NodeName`).
///
/// Every method throws `APIError`, either the error that the server returned or an error that says why the request failed. It
/// throws `CancellationError` when its task is cancelled. Every call is safe to repeat, and the client repeats a call that no
/// manager served, as `ClientOptions` specifies. In addition to the reasons in its documentation, every method may throw
/// `unauthorized` or `forbidden` (token), `unavailable` or `timeout` (connection), `incompatible_version` (server version) and
/// `malformed_answer` (unreadable response).
///
/// - Since: 0.1
public struct ManagerClient: Sendable {
    let transport: HTTPTransport

    /// - Parameters:
    ///   - endpoint: the address of the manager.
    ///   - token: the token that the manager requires over TCP; a Unix socket needs none.
    ///   - options: deadlines, retries, limits and the logger.
    public init(endpoint: Endpoint, token: String? = nil, options: ClientOptions = ClientOptions()) {
        transport = HTTPTransport(endpoint: endpoint, token: token, options: options)
    }

    /// - Parameters:
    ///   - wire: the wire that carries the requests.
    ///   - clock: the clock for deadlines and pauses; `nil` for the clock of the machine.
    ///   - chance: returns a random number from 0 to 1, which varies the pauses between attempts; `nil` for
    ///     one that is drawn from the random numbers of the machine.
    package init(
        wire: any Wire, token: String? = nil, options: ClientOptions = ClientOptions(),
        clock: (any Clock<Duration>)? = nil, chance: (@Sendable () -> Double)? = nil
    ) {
        transport = HTTPTransport(wire: wire, token: token, options: options, clock: clock, chance: chance)
    }

    /// Returns the path of an endpoint below the prefix of the manager API.
    static func path(_ components: String...) -> [String] { ["api", "v1", "manager"] + components }
}

extension ManagerClient {
    /// Repeats a call until a manager serves it; see `HTTPTransport.untilServed(onChange:_:)`.
    package func untilServed<Value>(
        onChange: (APIError?) -> Void = { _ in }, _ call: () async throws -> Value
    ) async throws -> Value { try await transport.untilServed(onChange: onChange, call) }

    /// The source of the ids of requests.
    package var random: RandomSource { transport.random }

    /// The clock for all times of the client's calls.
    package var clock: any Clock<Duration> { transport.clock }

    /// Returns the versions that the manager speaks. Requires no token.
    public func version() async throws -> VersionInfo {
        try await transport.send(TransportRequest(.get, ["version"]))
    }

    /// Returns if the manager is ready to serve.
    ///
    /// - Throws: an `APIError` with code 503 if the manager is not ready; the reason says what is missing.
    public func ready() async throws {
        try await transport.send(TransportRequest(.get, ["readyz"]))
    }
}
