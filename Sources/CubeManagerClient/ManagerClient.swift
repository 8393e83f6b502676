import CubeErrors
import CubeTransport
public import CubeTypes
public import CubeVersion
public import Logging

/// Calls a manager: a method for each endpoint.
///
/// Every method throws `APIError`, the server's own or one that says what went wrong on the way, and `CancellationError` when
/// its task is cancelled. Calls that may be made twice without harm are tried again, a few times, when nobody served them.
public struct ManagerClient: Sendable {
    let transport: HTTPTransport

    /// - Parameters:
    ///   - endpoint: where the manager listens.
    ///   - token: what it asks for on TCP; a Unix socket needs none.
    public init(endpoint: Endpoint, token: String? = nil, logger: Logger = Logger(label: "cube.client")) {
        transport = HTTPTransport(endpoint: endpoint, token: token, logger: logger)
    }

    /// The path of an endpoint below the manager's prefix.
    static func path(_ components: String...) -> [String] { ["api", "v1", "manager"] + components }
}

// MARK: - The manager itself

extension ManagerClient {
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

    public func cluster() async throws -> ClusterStatus {
        try await transport.send(TransportRequest(.get, Self.path("cluster")))
    }

    public func metrics() async throws -> ClusterMetrics {
        try await transport.send(TransportRequest(.get, Self.path("metrics")))
    }

    /// Where a workload is served now: the ports of its ready tasks.
    ///
    /// - Parameter owner: the owner of the workload; default: all that have one of this name.
    public func endpoints(of name: WorkloadName, owner: OwnerName? = nil) async throws -> EndpointList {
        try await transport.send(
            TransportRequest(.get, Self.path("endpoints"), query: ["name": name, "owner": owner]))
    }

    /// The history after a revision, oldest first.
    ///
    /// - Parameters:
    ///   - since: the `revision` of the last answer; 0 for all that is kept.
    ///   - limit: at most so many events.
    ///   - wait: how long to wait for an event where there is none.
    /// - Throws: `revision_gone` where the history does not reach back so far.
    public func events(since: Int, limit: Int = 1000, wait: Duration = .zero) async throws -> EventList {
        try await transport.send(
            TransportRequest(.get, Self.path("events"), query: ["since": since, "limit": limit], wait: wait))
    }

    /// The events after a revision, one after the other, without end.
    public func events(following since: Int) -> some AsyncSequence<TaskEvent, any Error> & Sendable {
        EventStream(client: self, since: since)
    }
}

// MARK: - Tasks

extension ManagerClient {
    /// Schedules a task. The same request made again answers the stored task.
    ///
    /// - Returns: the task, and whether this call created it.
    /// - Throws: `stale_attempt`, `stale_fence`, `lease_required`, `max_live`, …
    public func schedule(_ request: ScheduleRequest) async throws -> (task: TaskStatus, created: Bool) {
        let (status, task) = try await transport.exchange(
            TransportRequest(.post, Self.path("tasks"), body: request, isIdempotent: true), as: TaskStatus.self)
        return (task, status == 201)
    }

    /// Up to ``CubeTypes/BatchRequest/maximum`` operations, each with its own result, in their order.
    public func batch(_ request: BatchRequest) async throws -> BatchAnswer {
        try await transport.send(
            TransportRequest(.post, Self.path("tasks", "batch"), body: request, isIdempotent: true))
    }

    /// One page of tasks.
    ///
    /// - Parameters:
    ///   - limit: how many tasks at most; 1 to 1000.
    ///   - cursor: that of the page before.
    /// - Throws: `revision_gone` where a cursor is too old: list anew.
    public func list(
        owner: OwnerName? = nil, name: WorkloadName? = nil, state: TaskState? = nil, limit: Int = 1000,
        cursor: String? = nil
    ) async throws -> TaskList {
        try await transport.send(
            TransportRequest(
                .get, Self.path("tasks"),
                query: ["owner": owner, "name": name, "state": state, "limit": limit, "cursor": cursor]))
    }

    /// All pages as one list, true at its revision. Where a page is gone meanwhile, it lists anew, a few times.
    public func tasks(
        owner: OwnerName? = nil, name: WorkloadName? = nil, state: TaskState? = nil
    ) async throws -> TaskList {
        var restarts = 0
        while true {
            do {
                var list = try await list(owner: owner, name: name, state: state)
                var tasks = list.tasks
                while let cursor = list.cursor {
                    list = try await self.list(owner: owner, name: name, state: state, cursor: cursor)
                    tasks += list.tasks
                }
                list.tasks = tasks
                return list
            } catch let error as APIError where error.reason == .revisionGone && restarts < 5 {
                restarts += 1
            }
        }
    }

    /// What changed of an owner since a revision; waits for a change where there is none.
    ///
    /// - Parameters:
    ///   - since: the `revision` of the last answer, or of a list.
    ///   - term: the `term` of the last answer, or of a list.
    ///   - wait: how long to wait at most; an answer without changes is none too late.
    /// - Throws: `revision_gone` where the list is to be read anew.
    public func changes(owner: OwnerName, since: Int, term: Int, wait: Duration) async throws -> TaskChanges {
        try await transport.send(
            TransportRequest(
                .get, Self.path("tasks"), query: ["owner": owner, "since": since, "term": term], wait: wait))
    }

    /// - Throws: `task_not_found`.
    public func task(_ id: TaskID) async throws -> TaskStatus {
        try await transport.send(TransportRequest(.get, Self.path("tasks", id.rawValue)))
    }

    /// Asks a task to end. Asked again, it answers the task as it is.
    ///
    /// - Throws: `task_not_found`.
    public func stop(_ id: TaskID) async throws -> TaskStatus {
        try await transport.send(TransportRequest(.delete, Self.path("tasks", id.rawValue)))
    }

    /// Changes a task's settings in place.
    ///
    /// - Throws: `stale_settings` where the task's settings are not those of `update.from`; `task_not_found`, `stale_fence`.
    public func updateSettings(
        _ update: SettingsUpdate, owner: OwnerName, fence: Int = 0, pass: Int = 0
    ) async throws -> TaskStatus {
        try await transport.send(
            TransportRequest(
                .put, Self.path("tasks", update.id.rawValue, "settings"),
                body: UpdateRequest(owner: owner, fence: fence, pass: pass, update: update)))
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
}

// MARK: - Workers

extension ManagerClient {
    /// Makes a worker known; a worker does it at its start, and when no manager asked it for a while.
    public func register(_ worker: WorkerInfo) async throws -> WorkerWelcome {
        try await transport.send(
            TransportRequest(.post, Self.path("workers"), body: worker, isIdempotent: true))
    }

    public func nodes() async throws -> NodeList {
        try await transport.send(TransportRequest(.get, Self.path("workers")))
    }

    /// - Throws: `worker_not_found`.
    public func node(_ name: NodeName) async throws -> NodeInfo {
        try await transport.send(TransportRequest(.get, Self.path("workers", name.rawValue)))
    }

    /// Gives a node nothing new, or lets it take tasks again.
    ///
    /// - Throws: `worker_not_found`.
    @discardableResult
    public func drain(_ name: NodeName, _ draining: Bool = true) async throws -> NodeInfo {
        try await transport.send(
            TransportRequest(
                draining ? .post : .delete, Self.path("workers", name.rawValue, "drain"), isIdempotent: true))
    }

    /// Forgets a node.
    ///
    /// - Throws: `worker_not_found`.
    public func remove(_ name: NodeName) async throws {
        try await transport.send(TransportRequest(.delete, Self.path("workers", name.rawValue)))
    }
}

// MARK: - Owners

extension ManagerClient {
    public func owners() async throws -> OwnerList {
        try await transport.send(TransportRequest(.get, Self.path("owners")))
    }

    /// - Throws: `owner_not_found`.
    public func owner(_ name: OwnerName) async throws -> OwnerStatus {
        try await transport.send(TransportRequest(.get, Self.path("owners", name.rawValue)))
    }

    /// Takes, renews or gives back the right to write for an owner.
    ///
    /// - Throws: `lease_held`, `owner_taken`, `stale_fence`.
    public func lease(_ name: OwnerName, _ request: LeaseRequest) async throws -> OwnerStatus {
        try await transport.send(
            TransportRequest(.put, Self.path("owners", name.rawValue, "lease"), body: request))
    }

    /// Tells an owner something; its lease's holder acts on it.
    ///
    /// - Throws: `hold_not_found` for an approval of nothing that is held; `owner_not_found`.
    public func direct(_ name: OwnerName, _ directive: Directive) async throws -> OwnerStatus {
        try await transport.send(
            TransportRequest(
                .put, Self.path("owners", name.rawValue, "directives", directive.name), body: directive))
    }

    /// Forgets an owner that has no tasks, with its slot records.
    ///
    /// - Throws: `owner_not_found`; `conflict` while it has tasks that have not ended.
    public func forget(_ name: OwnerName) async throws {
        try await transport.send(TransportRequest(.delete, Self.path("owners", name.rawValue)))
    }
}
