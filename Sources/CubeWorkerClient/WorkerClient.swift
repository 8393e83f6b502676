@_exported public import CubeErrors
@_exported public import CubeTransport
@_exported public import CubeTypes
@_exported public import CubeVersion

/// A client of a worker, with a method for each endpoint. It is meant for managers. People call the manager, or a standalone worker.
///
/// A client is a value without a life cycle: create it, keep it, copy it, discard it. Copies share their retry budget.
///
/// Most calls that change something carry the id of the cluster and the manager's `term`: a worker rejects another cluster
/// (`foreign_cluster`) and a manager that was replaced (`stale_term`).
///
/// Every method throws `APIError`, either the error that the server returned or an error that says why the request failed. It
/// throws `CancellationError` when its task is cancelled. Every call is safe to repeat, and the client repeats a call that the
/// worker did not serve, as `ClientOptions` specifies.
///
/// - Since: 0.1
public struct WorkerClient: Sendable {
    let transport: HTTPTransport

    /// - Parameters:
    ///   - endpoint: the address of the worker.
    ///   - token: the token that the worker requires over TCP; a Unix socket needs none.
    ///   - options: deadlines, retries, limits and the logger.
    public init(endpoint: Endpoint, token: String? = nil, options: ClientOptions = ClientOptions()) {
        transport = HTTPTransport(endpoint: endpoint, token: token, options: options)
    }

    /// - Parameters:
    ///   - wire: the wire that carries the requests.
    ///   - clock: the clock for deadlines and pauses; `nil` for the clock of the machine.
    package init(
        wire: any Wire, token: String? = nil, options: ClientOptions = ClientOptions(),
        clock: (any Clock<Duration>)? = nil
    ) {
        transport = HTTPTransport(wire: wire, token: token, options: options, clock: clock)
    }

    /// Returns the path of an endpoint below the prefix of the worker API.
    static func path(_ components: String...) -> [String] { ["api", "v1", "worker"] + components }

    /// Returns the versions that the worker speaks. Requires no token.
    public func version() async throws -> VersionInfo {
        try await transport.send(TransportRequest(.get, ["version"]))
    }

    /// Returns if the worker is ready to serve.
    ///
    /// - Throws: an `APIError` with code 503 if the worker is not ready; the reason says what is missing.
    public func ready() async throws {
        try await transport.send(TransportRequest(.get, ["readyz"]))
    }

    /// Assigns a placement to the worker. The worker records it durably before the call returns. Repeating the call has no effect.
    ///
    /// - Returns: the task, and whether this call created the task.
    /// - Throws: `stale_term`, `foreign_cluster`, `conflict`.
    @discardableResult
    public func assign(_ assignment: TaskAssignment) async throws -> (task: WorkerTask, created: Bool) {
        let (status, task) = try await transport.exchange(
            TransportRequest(.post, Self.path("tasks"), body: assignment, isIdempotent: true), as: WorkerTask.self)
        return (task, status == 201)
    }

    /// Carries out up to `WorkerBatch.maximum` operations about different tasks, and returns one result for each, in the same order.
    /// The worker records them durably before the call returns. Repeating the call has no effect.
    ///
    /// - Throws: `stale_term`, `foreign_cluster`; `method_not_allowed` if the worker is older than this call.
    public func batch(_ batch: WorkerBatch) async throws -> [WorkerResult] {
        let answer: WorkerBatchAnswer = try await transport.send(
            TransportRequest(.post, Self.path("tasks", "batch"), body: batch, isIdempotent: true))
        return answer.results
    }

    /// Returns the changes since a sequence number, or all tasks, and waits for a change if there is none yet.
    ///
    /// - Parameters:
    ///   - since: the `sequence` of the last response. It confirms that everything before it is stored durably. `nil` requests all
    ///     tasks.
    ///   - incarnation: the `incarnation` of the last response.
    ///   - term: the term of the manager.
    ///   - cluster: the cluster of the manager.
    ///   - wait: how long the worker waits for a change.
    ///   - lease: renews the lease under which exclusive tasks run; `nil` if the caller assigns no such tasks.
    /// - Throws: `stale_term`, `foreign_cluster`.
    public func tasks(
        since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration,
        renewing lease: LeaseRenewal? = nil
    ) async throws -> WorkerTaskList {
        try await transport.send(
            TransportRequest(
                .get, Self.path("tasks"),
                query: [
                    "since": since, "incarnation": incarnation, "receipt": lease?.receipt, "lease": lease?.length.text,
                    "term": term, "cluster": cluster,
                ], wait: wait))
    }

    /// Watches the tasks of the worker: returns all tasks first, and then each change, without end. The first element is a complete
    /// list. A later element is complete if the worker has restarted.
    ///
    /// Only a manager may use a watch: each request confirms that the previous element is stored durably, and that a manager of this
    /// term is alive.
    ///
    /// - Parameters:
    ///   - term: the term of the manager.
    ///   - cluster: the cluster of the manager.
    ///   - last: the last element of an earlier watch, to continue after it; `nil` starts with all tasks.
    ///   - wait: how long the worker waits for a change. If nothing changes, it returns an element without tasks as a heartbeat.
    public func watch(
        term: Int, cluster: ClusterID, since last: WorkerTaskList? = nil, wait: Duration = .seconds(10)
    ) -> some AsyncSequence<WorkerTaskList, any Error> & Sendable {
        WorkerWatch(last: last) { last in
            try await tasks(
                since: last?.sequence, incarnation: last?.incarnation, term: term, cluster: cluster, wait: wait)
        }
    }

    /// Returns one task, as this worker sees it.
    ///
    /// - Throws: `task_not_found`.
    public func task(_ id: TaskID) async throws -> WorkerTask {
        try await transport.send(TransportRequest(.get, Self.path("tasks", id.rawValue)))
    }

    /// Stops a placement of a task. Repeating the call returns the current status of the task.
    ///
    /// - Parameters:
    ///   - id: the id of the task.
    ///   - placement: the placement to stop; later placements are not affected.
    ///   - term: the term of the manager.
    ///   - cluster: the cluster of the manager.
    /// - Throws: `stale_term`, `foreign_cluster`.
    @discardableResult
    public func stop(_ id: TaskID, placement: Int, term: Int, cluster: ClusterID) async throws -> WorkerTask {
        try await transport.send(
            TransportRequest(
                .delete, Self.path("tasks", id.rawValue),
                query: ["placement": placement, "term": term, "cluster": cluster]))
    }

    /// Removes a named volume with its data. Returns after the volume is gone; a missing volume is no error.
    ///
    /// - Throws: `conflict` if a task or a container uses the volume; `stale_term`, `foreign_cluster`.
    public func removeVolume(
        _ name: VolumeName, of owner: OwnerName, term: Int, cluster: ClusterID
    ) async throws {
        try await transport.send(
            TransportRequest(
                .delete, Self.path("volumes", owner.rawValue, name.rawValue), query: ["term": term, "cluster": cluster])
        )
    }

    /// Updates the settings of a task. They take effect immediately.
    ///
    /// - Throws: `task_not_found`, `stale_term`, `foreign_cluster`.
    @discardableResult
    public func updateSettings(_ id: TaskID, with settings: TaskSettings) async throws -> WorkerTask {
        try await transport.send(
            TransportRequest(.put, Self.path("tasks", id.rawValue, "settings"), body: settings))
    }

    /// Returns the output of a task as the task wrote it.
    ///
    /// - Parameters:
    ///   - id: the id of the task.
    ///   - tail: the number of lines to return from the end of the existing output; `nil` for all lines.
    ///   - follow: whether to continue with new output until the task ends.
    /// - Returns: the output as bytes; `ByteStream.lines` splits it into lines.
    public func logs(
        of id: TaskID, tail: Int? = nil, follow: Bool = false
    ) async throws -> ByteStream {
        try await logs(of: id, selecting: LogSelection(tail: tail, follow: follow))
    }

    /// Returns a part of the output of a task, either as the task wrote it or with the time of each line.
    ///
    /// - Parameters:
    ///   - id: the id of the task.
    ///   - selection: which part of the output, and in which format.
    /// - Returns: the output as bytes; `ByteStream.lines` splits it into lines.
    public func logs(of id: TaskID, selecting selection: LogSelection) async throws -> ByteStream {
        try await transport.stream(
            TransportRequest(
                .get, Self.path("tasks", id.rawValue, "logs"),
                query: selection.query),
            follows: selection.follow)
    }

    /// Returns the description of the worker: name, address, runtimes, labels and capacity.
    public func info() async throws -> WorkerInfo {
        try await transport.send(TransportRequest(.get, Self.path("info")))
    }

    /// Returns the status of the worker and its tasks.
    public func status() async throws -> WorkerStatus {
        try await transport.send(TransportRequest(.get, Self.path("status")))
    }

    /// Returns the metrics of the machine and its tasks. The name of each metric ends with its unit.
    public func metrics() async throws -> WorkerMetrics {
        try await transport.send(TransportRequest(.get, Self.path("metrics")))
    }
}
