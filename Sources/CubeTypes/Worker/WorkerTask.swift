import CubeErrors

/// The status of a placement of a task, as its worker reports it. `(placement, run, state)` only increases.
///
/// - Since: 0.1
public struct WorkerTask: Codable, Hashable, Sendable, Identifiable {
    /// The id of the task.
    public var id: TaskID
    /// The number of the placement within the task, from 1.
    public var placement: Int
    /// The number of the current run, or of the next run while the task waits for it, from 1; 0 if the task was stopped before its
    /// first start.
    public var run: Int
    /// `scheduled`, `running`, `stopping`, `completed`, `failed` or `stopped`.
    public var state: TaskState
    /// Whether a run is alive and its checks pass.
    public var ready: Bool
    /// The reason for the state, as a stable word.
    public var reason: TaskReason?
    /// The reason for the state, for a person.
    public var message: String?
    /// The number of restarts in this placement and in the earlier ones.
    public var restarts: Int
    /// The time of the next start, while the task waits between two runs.
    public var notBefore: Timestamp?
    /// The result of the last run; `nil` if no run has ended.
    public var exit: TaskResult?
    /// The time at which the current or last run started; `nil` before the first run.
    public var startedAt: Timestamp?
    /// The time at which the task ended permanently; `nil` if it has not.
    public var endedAt: Timestamp?
    /// The digest of the settings in effect.
    public var settingsDigest: Digest
    /// The digest of the image of the current or last run: its digest in the registry, or its ID if it has none; `nil` for a process
    /// and before the first run.
    public var imageDigest: String?
    /// The digest of the image that the reference of the task names on the node now, if it is another image than the one that runs.
    public var imageMovedTo: String?
    /// The limits that the node cannot enforce, such as `limits.memory`. It contains `settings` if a newer manager sent settings that the
    /// worker does not know.
    public var notEnforced: [String]

    enum CodingKeys: String, CodingKey {
        case id, placement, run, state, ready, reason, message, restarts, exit
        case notBefore = "not_before"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case settingsDigest = "settings_digest"
        case imageDigest = "image_digest"
        case imageMovedTo = "image_moved_to"
        case notEnforced = "not_enforced"
    }

    public init(
        id: TaskID, placement: Int, run: Int, state: TaskState, ready: Bool = false, reason: TaskReason? = nil,
        message: String? = nil, restarts: Int = 0, notBefore: Timestamp? = nil, exit: TaskResult? = nil,
        startedAt: Timestamp? = nil, endedAt: Timestamp? = nil, settingsDigest: Digest, imageDigest: String? = nil,
        imageMovedTo: String? = nil, notEnforced: [String] = []
    ) {
        self.id = id
        self.placement = placement
        self.run = run
        self.state = state
        self.ready = ready
        self.reason = reason
        self.message = message
        self.restarts = restarts
        self.notBefore = notBefore
        self.exit = exit
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.settingsDigest = settingsDigest
        self.imageDigest = imageDigest
        self.imageMovedTo = imageMovedTo
        self.notEnforced = notEnforced
    }
}

extension WorkerTask {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(TaskID.self, forKey: .id)
        placement = try container.decode(Int.self, forKey: .placement)
        run = try container.decode(Int.self, forKey: .run)
        state = try container.decode(TaskState.self, forKey: .state)
        ready = try container.decode(Bool.self, forKey: .ready)
        reason = try container.readIfPresent(TaskReason.self, forKey: .reason)
        message = try container.readTextIfPresent(forKey: .message)
        restarts = try container.decode(Int.self, forKey: .restarts)
        notBefore = try container.readIfPresent(Timestamp.self, forKey: .notBefore)
        exit = try container.readIfPresent(TaskResult.self, forKey: .exit)
        startedAt = try container.readIfPresent(Timestamp.self, forKey: .startedAt)
        endedAt = try container.readIfPresent(Timestamp.self, forKey: .endedAt)
        settingsDigest = try container.decode(Digest.self, forKey: .settingsDigest)
        imageDigest = try container.readTextIfPresent(forKey: .imageDigest)
        imageMovedTo = try container.readTextIfPresent(forKey: .imageMovedTo)
        notEnforced = try container.readElements([String].self, forKey: .notEnforced)
    }
}

/// The response to `GET /tasks` of a worker: the changes since a sequence number, or all tasks.
///
/// - Since: 0.1
public struct WorkerTaskList: Codable, Hashable, Sendable {
    /// Whether the list contains all tasks and not only changes.
    public var complete: Bool
    /// The incarnation of the worker in which the sequence numbers are valid.
    public var incarnation: String
    /// The number to pass as `since` in the next request. That request confirms that everything before it is stored durably.
    public var sequence: Int
    /// The tasks, sorted by id.
    public var tasks: [WorkerTask]
    /// The ids of tasks that the worker no longer keeps.
    public var removed: [TaskID]
    /// The named volumes whose data the worker has, sorted, in a complete list; `nil` if the list contains only changes, or if the
    /// worker cannot read which volumes it has.
    public var volumes: [VolumeKey]?
    /// Identifies this response. The next request sends it back, which proves to the worker that the response arrived, and so renews
    /// the lease under which exclusive tasks run; `nil` if the worker is too old to have such tasks.
    public var receipt: String?

    public init(
        complete: Bool, incarnation: String, sequence: Int, tasks: [WorkerTask], removed: [TaskID] = [],
        volumes: [VolumeKey]? = nil, receipt: String? = nil
    ) {
        self.complete = complete
        self.incarnation = incarnation
        self.sequence = sequence
        self.tasks = tasks
        self.removed = removed
        self.volumes = volumes
        self.receipt = receipt
    }
}
