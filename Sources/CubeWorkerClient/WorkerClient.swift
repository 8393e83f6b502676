@_exported public import CubeErrors
@_exported public import CubeTransport
@_exported public import CubeTypes
@_exported public import CubeVersion

/// Calls a worker: a method for each endpoint. A manager does; people ask the manager, and a worker itself where it stands alone.
///
/// It is a value without a life cycle: make one, keep it, copy it, forget it. Copies share their retry budget.
///
/// Most of what changes something carries the cluster's id and the manager's `term`: a worker refuses another cluster
/// (`foreign_cluster`) and a manager that was replaced (`stale_term`).
///
/// Every method throws `APIError`, the server's own or one that says what went wrong on the way, and `CancellationError` when
/// its task is cancelled. Each call may be made twice without harm, and is made again when nobody served it, as `ClientOptions`
/// says.
///
/// - Since: 0.1
public struct WorkerClient: Sendable {
    let transport: HTTPTransport

    /// - Parameters:
    ///   - endpoint: where the worker listens.
    ///   - token: what it asks for on TCP; a Unix socket needs none.
    ///   - options: deadlines, retries, limits, logger.
    public init(endpoint: Endpoint, token: String? = nil, options: ClientOptions = ClientOptions()) {
        transport = HTTPTransport(endpoint: endpoint, token: token, options: options)
    }

    /// - Parameters:
    ///   - wire: what carries its requests.
    ///   - clock: what its deadlines are measured by; `nil`: the machine's.
    package init(
        wire: any Wire, token: String? = nil, options: ClientOptions = ClientOptions(),
        clock: (any Clock<Duration>)? = nil
    ) {
        transport = HTTPTransport(wire: wire, token: token, options: options, clock: clock)
    }

    /// The path of an endpoint below the worker's prefix.
    static func path(_ components: String...) -> [String] { ["api", "v1", "worker"] + components }

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
    @discardableResult
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
    ///   - cluster: the manager's.
    ///   - wait: how long to wait at most.
    /// - Throws: `stale_term`, `foreign_cluster`.
    public func tasks(
        since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration
    ) async throws -> WorkerTaskList {
        try await transport.send(
            TransportRequest(
                .get, Self.path("tasks"),
                query: ["since": since, "incarnation": incarnation, "term": term, "cluster": cluster], wait: wait))
    }

    /// What the worker has, and then whatever changes, without end. The first element is complete; a later one is where the worker
    /// was started anew.
    ///
    /// Each element that is asked for says that the one before is safely stored, and that a manager of this term is there: only a
    /// manager does so.
    ///
    /// - Parameters:
    ///   - term: the manager's.
    ///   - cluster: the manager's.
    ///   - last: the last element of an earlier watch, to go on after it; `nil` begins with everything.
    ///   - wait: how long the worker may wait for a change. Where there is none, an element without tasks comes: a heartbeat.
    public func watch(
        term: Int, cluster: ClusterID, since last: WorkerTaskList? = nil, wait: Duration = .seconds(10)
    ) -> some AsyncSequence<WorkerTaskList, any Error> & Sendable {
        WorkerWatch(last: last) { last in
            try await tasks(
                since: last?.sequence, incarnation: last?.incarnation, term: term, cluster: cluster, wait: wait)
        }
    }

    /// One task, as it is here.
    ///
    /// - Throws: `task_not_found`.
    public func task(_ id: TaskID) async throws -> WorkerTask {
        try await transport.send(TransportRequest(.get, Self.path("tasks", id.rawValue)))
    }

    /// Asks a placement to end. Asked again, it answers the task as it is.
    ///
    /// - Parameters:
    ///   - id: the task's.
    ///   - placement: the one that is meant; a later one is left alone.
    ///   - term: the manager's.
    ///   - cluster: the manager's.
    /// - Throws: `stale_term`, `foreign_cluster`.
    @discardableResult
    public func stop(_ id: TaskID, placement: Int, term: Int, cluster: ClusterID) async throws -> WorkerTask {
        try await transport.send(
            TransportRequest(
                .delete, Self.path("tasks", id.rawValue),
                query: ["placement": placement, "term": term, "cluster": cluster]))
    }

    /// Gives a task new settings, which count at once.
    ///
    /// - Throws: `task_not_found`, `stale_term`, `foreign_cluster`.
    @discardableResult
    public func updateSettings(_ id: TaskID, with settings: TaskSettings) async throws -> WorkerTask {
        try await transport.send(
            TransportRequest(.put, Self.path("tasks", id.rawValue, "settings"), body: settings))
    }

    /// The output of a task, as it was written.
    ///
    /// - Parameters:
    ///   - id: the task's.
    ///   - tail: only the last so many lines of what there is; `nil` for all.
    ///   - follow: goes on with what the task writes, until it ends.
    /// - Returns: its bytes, which `ByteStream.lines` cuts into lines.
    public func logs(
        of id: TaskID, tail: Int? = nil, follow: Bool = false
    ) async throws -> ByteStream {
        try await logs(of: id, selecting: LogSelection(tail: tail, follow: follow))
    }

    /// A part of the output of a task, as it was written or with the time of each line.
    ///
    /// - Parameters:
    ///   - id: the task's.
    ///   - selection: which part, and in which form.
    /// - Returns: its bytes, which `ByteStream.lines` cuts into lines.
    public func logs(of id: TaskID, selecting selection: LogSelection) async throws -> ByteStream {
        try await transport.stream(
            TransportRequest(
                .get, Self.path("tasks", id.rawValue, "logs"),
                query: selection.query),
            follows: selection.follow)
    }

    /// What the worker is: its name, address, runtimes, labels and capacity.
    public func info() async throws -> WorkerInfo {
        try await transport.send(TransportRequest(.get, Self.path("info")))
    }

    /// How the worker is, and its tasks.
    public func status() async throws -> WorkerStatus {
        try await transport.send(TransportRequest(.get, Self.path("status")))
    }

    /// Figures of the machine and its tasks, whose units end their names.
    public func metrics() async throws -> WorkerMetrics {
        try await transport.send(TransportRequest(.get, Self.path("metrics")))
    }
}
