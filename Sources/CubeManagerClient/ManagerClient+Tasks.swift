import CubeErrors
public import CubeTransport
public import CubeTypes

extension ManagerClient {
    /// Schedules a task. The same request made again answers the stored task. `CubeOrchestratorClient` makes such requests.
    ///
    /// - Returns: the task, and whether this call created it.
    /// - Throws: `stale_attempt`, `stale_fence`, `lease_required`, `max_live`, …
    @discardableResult
    public func schedule(_ request: ScheduleRequest) async throws -> (task: TaskStatus, created: Bool) {
        let (status, task) = try await transport.exchange(
            TransportRequest(.post, Self.path("tasks"), body: request, isIdempotent: true), as: TaskStatus.self)
        return (task, status == 201)
    }

    /// Up to `BatchRequest.maximum` operations, each with its own result, in their order.
    @discardableResult
    public func batch(_ request: BatchRequest) async throws -> BatchAnswer {
        try await transport.send(
            TransportRequest(.post, Self.path("tasks", "batch"), body: request, isIdempotent: true))
    }

    /// One page of the tasks; ``pages(owner:name:state:size:)`` asks for each of them, and ``tasks(owner:name:state:)`` for all.
    ///
    /// - Parameters:
    ///   - owner: only tasks of this owner; default: of all.
    ///   - name: only tasks of this workload.
    ///   - state: only tasks in this state.
    ///   - limit: how many tasks at most; 1 to 1000.
    ///   - cursor: that of the page before.
    /// - Throws: `revision_gone` where a cursor is too old: list anew.
    public func page(
        owner: OwnerName? = nil, name: WorkloadName? = nil, state: TaskState? = nil, limit: Int = 1000,
        cursor: String? = nil
    ) async throws -> TaskList {
        try await transport.send(
            TransportRequest(
                .get, Self.path("tasks"),
                query: ["owner": owner, "name": name, "state": state, "limit": limit, "cursor": cursor]))
    }

    /// All pages, one after the other, each asked for when it is wanted; `pages(…).tasks` is every task.
    ///
    /// It throws `revision_gone` where a page is too old by then: begin anew.
    ///
    /// - Parameters:
    ///   - owner: only tasks of this owner; default: of all.
    ///   - name: only tasks of this workload.
    ///   - state: only tasks in this state.
    ///   - size: how many tasks a page has at most; 1 to 1000.
    public func pages(
        owner: OwnerName? = nil, name: WorkloadName? = nil, state: TaskState? = nil, size: Int = 1000
    ) -> TaskPages {
        TaskPages { cursor in
            try await page(owner: owner, name: name, state: state, limit: size, cursor: cursor)
        }
    }

    /// All pages as one list, true at its revision. Where a page is gone meanwhile, it lists anew, a few times.
    ///
    /// - Parameters: as those of ``pages(owner:name:state:size:)``.
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

    /// The tasks of an owner as they are, and then whatever changes, without end.
    ///
    /// Where the manager cannot tell any more what changed, everything comes anew, as ``TaskWatchEvent/listed(_:)``. It holds one
    /// answer at a time, and waits for nobody: changes that are not taken come together later.
    ///
    /// A manager that is away is waited for, however long that takes, and the watch goes on from the revision that it had. Cancel
    /// the task that reads it to give up. It throws what waiting cannot mend, such as `unauthorized`.
    ///
    /// - Parameters:
    ///   - owner: whose tasks.
    ///   - position: where to go on, such as the ``TaskWatchEvent/position`` of the last event that was taken; `nil` begins with
    ///     everything.
    public func watch(owner: OwnerName, since position: WatchPosition? = nil) -> TaskWatch {
        TaskWatch(client: self, owner: owner, position: position)
    }

    /// What changed of an owner since a revision; waits for a change where there is none.
    ///
    /// - Parameters:
    ///   - owner: whose tasks.
    ///   - since: the `revision` of the last answer, or of a list.
    ///   - term: the `term` of the last answer, or of a list.
    ///   - wait: how long to wait at most; an answer without changes is none too late.
    /// - Throws: `revision_gone` where the list is to be read anew.
    public func changes(owner: OwnerName, since: Int, term: Int, wait: Duration) async throws -> TaskChanges {
        try await transport.send(
            TransportRequest(
                .get, Self.path("tasks"), query: ["owner": owner, "since": since, "term": term], wait: wait))
    }

    /// One task.
    ///
    /// - Throws: `task_not_found`.
    public func task(_ id: TaskID) async throws -> TaskStatus {
        try await transport.send(TransportRequest(.get, Self.path("tasks", id.rawValue)))
    }

    /// Asks a task to end. Asked again, it answers the task as it is.
    ///
    /// - Throws: `task_not_found`.
    @discardableResult
    public func stop(_ id: TaskID) async throws -> TaskStatus {
        try await transport.send(TransportRequest(.delete, Self.path("tasks", id.rawValue)))
    }

    /// Gives a live task to another owner, without touching what runs. Asked again, it answers the task as it is.
    ///
    /// - Throws: `task_not_found`, `owner_not_found`; `lease_held` where the reconciler of its owner is at work; `conflict`
    ///   for a task that ended or is to end; `max_live`.
    @discardableResult
    public func adopt(_ id: TaskID, with request: AdoptRequest) async throws -> TaskStatus {
        try await transport.send(
            TransportRequest(.post, Self.path("tasks", id.rawValue, "adopt"), body: request, isIdempotent: true))
    }

    /// Changes a task's settings in place.
    ///
    /// - Throws: `stale_settings` where the task's settings are not those of `update.from`; `task_not_found`, `stale_fence`.
    @discardableResult
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
}
