/// One entry of the history: something that changed, and the revision at which it did.
public struct TaskEvent: Codable, Hashable, Sendable {
    public var revision: Int
    public var at: Timestamp
    /// What happened, as a stable word, such as `task_scheduled` or `lease_taken`.
    public var kind: EventKind
    public var owner: OwnerName?
    public var name: WorkloadName?
    public var ordinal: Int?
    public var task: TaskID?
    public var node: NodeName?
    public var reason: TaskReason?
    public var message: String?

    public init(
        revision: Int, at: Timestamp, kind: EventKind, owner: OwnerName? = nil, name: WorkloadName? = nil,
        ordinal: Int? = nil,
        task: TaskID? = nil, node: NodeName? = nil, reason: TaskReason? = nil, message: String? = nil
    ) {
        self.revision = revision
        self.at = at
        self.kind = kind
        self.owner = owner
        self.name = name
        self.ordinal = ordinal
        self.task = task
        self.node = node
        self.reason = reason
        self.message = message
    }
}

/// What a ``TaskEvent`` says; an open set.
public struct EventKind: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let taskPending: EventKind = "task_pending"
    public static let taskScheduled: EventKind = "task_scheduled"
    public static let taskRunning: EventKind = "task_running"
    public static let taskStopping: EventKind = "task_stopping"
    public static let taskCompleted: EventKind = "task_completed"
    public static let taskFailed: EventKind = "task_failed"
    public static let taskStopped: EventKind = "task_stopped"
    public static let taskUpdated: EventKind = "task_updated"
    public static let runEnded: EventKind = "run_ended"
    public static let nodeJoined: EventKind = "node_joined"
    public static let nodeSilent: EventKind = "node_silent"
    public static let nodeBack: EventKind = "node_back"
    public static let nodeDraining: EventKind = "node_draining"
    public static let leaseTaken: EventKind = "lease_taken"
    public static let directiveGiven: EventKind = "directive_given"
}
