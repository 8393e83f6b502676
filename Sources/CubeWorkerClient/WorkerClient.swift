import CubeTransport
public import CubeTypes
public import CubeVersion
public import Logging

/// Calls a worker: a method for each endpoint. A manager does; people ask the manager.
///
/// Every method throws `APIError`, the server's own or one that says what went wrong on the way, and `CancellationError` when
/// its task is cancelled. Calls that may be made twice without harm are tried again, a few times, when nobody served them.
public struct WorkerClient: Sendable {
    let transport: HTTPTransport

    /// - Parameters:
    ///   - endpoint: where the worker listens.
    ///   - token: what it asks for on TCP; a Unix socket needs none.
    public init(endpoint: Endpoint, token: String? = nil, logger: Logger = Logger(label: "cube.client")) {
        transport = HTTPTransport(endpoint: endpoint, token: token, logger: logger)
    }

    /// The path of an endpoint below the worker's prefix.
    private static func path(_ components: String...) -> [String] { ["api", "v1", "worker"] + components }

    /// The versions that the worker speaks. Needs no token.
    public func version() async throws -> VersionInfo {
        try await transport.send(TransportRequest(.get, ["version"]))
    }

    /// Returns when the worker serves.
    ///
    /// - Throws: an `APIError` of code 503, with what is missing as its reason, where it does not.
    public func ready() async throws {
        try await transport.send(TransportRequest(.get, ["readyz"]))
    }

    /// Gives the worker a placement; it is recorded durably before this returns. The same one given again changes nothing.
    ///
    /// - Returns: the task, and whether this call created it.
    /// - Throws: `stale_term`, `foreign_cluster`, `conflict`.
    public func assign(_ assignment: TaskAssignment) async throws -> (task: WorkerTask, created: Bool) {
        let (status, task) = try await transport.exchange(
            TransportRequest(.post, Self.path("tasks"), body: assignment, isIdempotent: true), as: WorkerTask.self)
        return (task, status == 201)
    }

    /// What changed since a sequence number, or everything; waits for a change where there is none.
    ///
    /// - Parameters:
    ///   - since: the `sequence` of the last answer, which says that all before it is safely stored; `nil` for everything.
    ///   - incarnation: that of the last answer.
    ///   - term: the manager's.
    ///   - wait: how long to wait at most.
    /// - Throws: `stale_term`, `foreign_cluster`.
    public func list(
        since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration
    ) async throws -> WorkerTaskList {
        try await transport.send(
            TransportRequest(
                .get, Self.path("tasks"),
                query: ["since": since, "incarnation": incarnation, "term": term, "cluster": cluster], wait: wait))
    }

    /// - Throws: `task_not_found`.
    public func task(_ id: TaskID) async throws -> WorkerTask {
        try await transport.send(TransportRequest(.get, Self.path("tasks", id.rawValue)))
    }

    /// Asks a placement to end. Asked again, it answers the task as it is.
    public func stop(_ id: TaskID, placement: Int, term: Int, cluster: ClusterID) async throws -> WorkerTask {
        try await transport.send(
            TransportRequest(
                .delete, Self.path("tasks", id.rawValue),
                query: ["placement": placement, "term": term, "cluster": cluster]))
    }

    public func updateSettings(_ id: TaskID, _ settings: TaskSettings) async throws -> WorkerTask {
        try await transport.send(
            TransportRequest(.put, Self.path("tasks", id.rawValue, "settings"), body: settings))
    }

    /// The output of a task, as it was written.
    ///
    /// - Parameters:
    ///   - tail: only the last so many lines of what there is; `nil` for all.
    ///   - follow: goes on with what the task writes, until it ends.
    public func logs(
        _ id: TaskID, tail: Int? = nil, follow: Bool = false
    ) async throws -> some AsyncSequence<[UInt8], any Error> & Sendable {
        try await transport.stream(
            TransportRequest(
                .get, Self.path("tasks", id.rawValue, "logs"), query: ["tail": tail, "follow": follow ? true : nil]))
    }

    public func info() async throws -> WorkerInfo {
        try await transport.send(TransportRequest(.get, Self.path("info")))
    }

    public func status() async throws -> WorkerStatus {
        try await transport.send(TransportRequest(.get, Self.path("status")))
    }

    public func metrics() async throws -> WorkerMetrics {
        try await transport.send(TransportRequest(.get, Self.path("metrics")))
    }
}
