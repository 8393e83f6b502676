import CubeErrors
public import CubeTransport
public import CubeTypes

extension ManagerClient {
    /// Schedules a task. Repeating the request returns the stored task. `CubeOrchestratorClient` creates such requests.
    ///
    /// - Returns: the task, and whether this call created the task.
    /// - Throws: `stale_attempt`, `stale_fence`, `lease_required`, `max_live`, …
    @discardableResult
    public func schedule(_ request: ScheduleRequest) async throws -> (task: TaskStatus, created: Bool) {
        let (status, task) = try await transport.exchange(
            TransportRequest(.post, Self.path("tasks"), body: request, isIdempotent: true), as: TaskStatus.self)
        return (task, status == 201)
    }

    /// Performs up to `BatchRequest.maximum` operations, and returns one result for each, in the same order.
    @discardableResult
    public func batch(_ request: BatchRequest) async throws -> BatchAnswer {
        try await transport.send(
            TransportRequest(.post, Self.path("tasks", "batch"), body: request, isIdempotent: true))
    }

    /// Returns one page of the tasks. ``pages(owner:name:state:size:)`` fetches page after page, and ``tasks(owner:name:state:)``
    /// fetches the whole list.
    ///
    /// - Parameters:
    ///   - owner: only tasks of this owner; by default, of all owners.
    ///   - name: only tasks of this workload.
    ///   - state: only tasks in this state.
    ///   - limit: the maximum number of tasks, 1 to 1000.
    ///   - cursor: the cursor of the previous page; `nil` for the first page.
    /// - Throws: `revision_gone` if the cursor is too old; list again.
    public func page(
        owner: OwnerName? = nil, name: WorkloadName? = nil, state: TaskState? = nil, limit: Int = 1000,
        cursor: String? = nil
    ) async throws -> TaskList {
        try await transport.send(
            TransportRequest(
                .get, Self.path("tasks"),
                query: ["owner": owner, "name": name, "state": state, "limit": limit, "cursor": cursor]))
    }

    /// Returns all pages as a sequence that fetches each page on demand; `pages(…).tasks` is the sequence of all tasks.
    ///
    /// The sequence throws `revision_gone` if the manager no longer keeps the revision of the first page; list again.
    ///
    /// - Parameters:
    ///   - owner: only tasks of this owner; by default, of all owners.
    ///   - name: only tasks of this workload.
    ///   - state: only tasks in this state.
    ///   - size: the maximum number of tasks of a page, 1 to 1000.
    public func pages(
        owner: OwnerName? = nil, name: WorkloadName? = nil, state: TaskState? = nil, size: Int = 1000
    ) -> TaskPages {
        TaskPages { cursor in
            try await page(owner: owner, name: name, state: state, limit: size, cursor: cursor)
        }
    }

    /// Returns all pages as one list at one revision. If the revision is gone before the last page, it lists again, up to five times.
    ///
    /// - Parameters: see ``pages(owner:name:state:size:)``.
    public func tasks(
        owner: OwnerName? = nil, name: WorkloadName? = nil, state: TaskState? = nil
    ) async throws -> TaskList {
        var restarts = 0
        while true {
            do {
                var tasks: [TaskStatus] = []
                var last: TaskList?
                for try await page in pages(owner: owner, name: name, state: state) {
                    tasks += page.tasks
                    last = page
                }
                // There is always a first page.
                var list = last!
                list.tasks = tasks
                return list
            } catch let error as APIError where error.reason == .revisionGone && restarts < 5 {
                restarts += 1
            }
        }
    }

    /// Watches the tasks of an owner: returns the whole list first, and then each change, without end.
    ///
    /// If the manager no longer has the changes since the last event, the watch returns the whole list again, as
    /// ``TaskWatchEvent/listed(_:)``. The watch holds one response at a time. If the consumer is slow, the changes that happen
    /// meanwhile arrive together in the next event.
    ///
    /// If the manager is unreachable, the watch waits for it, however long that takes, and continues after the last revision. To
    /// stop, cancel the task that reads the watch. The watch throws errors that waiting cannot resolve, such as `unauthorized`.
    ///
    /// - Parameters:
    ///   - owner: the owner of the tasks.
    ///   - position: the position to continue from, such as the ``TaskWatchEvent/position`` of the last event that was processed;
    ///     `nil` starts with the whole list.
    public func watch(owner: OwnerName, since position: WatchPosition? = nil) -> TaskWatch {
        TaskWatch(client: self, owner: owner, position: position)
    }

    /// Returns the changes of an owner since a revision, and waits for a change if there is none yet.
    ///
    /// - Parameters:
    ///   - owner: the owner of the tasks.
    ///   - since: the `revision` of the last response, or of a list.
    ///   - term: the `term` of the last response, or of a list.
    ///   - wait: how long the manager waits for a change. If nothing changes in that time, the response contains no changes.
    /// - Throws: `revision_gone` if the changes since the revision are no longer available; list again.
    public func changes(owner: OwnerName, since: Int, term: Int, wait: Duration) async throws -> TaskChanges {
        try await transport.send(
            TransportRequest(
                .get, Self.path("tasks"), query: ["owner": owner, "since": since, "term": term], wait: wait))
    }

    /// Returns one task.
    ///
    /// - Throws: `task_not_found`.
    public func task(_ id: TaskID) async throws -> TaskStatus {
        try await transport.send(TransportRequest(.get, Self.path("tasks", id.rawValue)))
    }

    /// Stops a task. Repeating the call returns the current status of the task.
    ///
    /// - Throws: `task_not_found`.
    @discardableResult
    public func stop(_ id: TaskID) async throws -> TaskStatus {
        try await transport.send(TransportRequest(.delete, Self.path("tasks", id.rawValue)))
    }

    /// Moves a live task to another owner without affecting the running process. Repeating the call returns the current status.
    ///
    /// - Throws: `task_not_found`, `owner_not_found`; `lease_held` if a reconciler holds the lease of the task's current owner;
    ///   `conflict` if the task has ended or is stopping; `max_live`.
    @discardableResult
    public func adopt(_ id: TaskID, with request: AdoptRequest) async throws -> TaskStatus {
        try await transport.send(
            TransportRequest(.post, Self.path("tasks", id.rawValue, "adopt"), body: request, isIdempotent: true))
    }

    /// Updates the settings of a task in place.
    ///
    /// - Throws: `stale_settings` if the current settings of the task are not those of `update.from`; `task_not_found`,
    ///   `stale_fence`.
    @discardableResult
    public func updateSettings(
        _ update: SettingsUpdate, owner: OwnerName, fence: Int = 0, pass: Int = 0
    ) async throws -> TaskStatus {
        try await transport.send(
            TransportRequest(
                .put, Self.path("tasks", update.id.rawValue, "settings"),
                body: UpdateRequest(owner: owner, fence: fence, pass: pass, update: update)))
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
}
