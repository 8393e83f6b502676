/// One entry of the history: something that changed, and the revision at which it did.
///
/// - Since: 0.1
public struct TaskEvent: Codable, Hashable, Sendable {
    /// The revision at which it happened.
    public var revision: Int
    /// When it happened.
    public var at: Timestamp
    /// What happened, as a stable word, such as `task_scheduled` or `lease_taken`.
    public var kind: EventKind
    /// Whose it is, where it is about one owner.
    public var owner: OwnerName?
    /// The workload, where it is about one.
    public var name: WorkloadName?
    /// Which replica, where it is about a slot.
    public var ordinal: Int?
    /// The task, where it is about one.
    public var task: TaskID?
    /// The node, where it is about one.
    public var node: NodeName?
    /// Why, as a stable word.
    public var reason: TaskReason?
    /// What else there is to say, for a person.
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
///
/// - Since: 0.1
public struct EventKind: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A task was accepted, or moved from its node, and has none yet.
    public static let taskPending: EventKind = "task_pending"
    /// A task was given to a node.
    public static let taskScheduled: EventKind = "task_scheduled"
    /// A run of a task began.
    public static let taskRunning: EventKind = "task_running"
    /// A task was asked to stop.
    public static let taskStopping: EventKind = "task_stopping"
    /// A task ended by itself with exit code 0.
    public static let taskCompleted: EventKind = "task_completed"
    /// A task ended, its restarts used up or forbidden.
    public static let taskFailed: EventKind = "task_failed"
    /// A task ended because it was asked to.
    public static let taskStopped: EventKind = "task_stopped"
    /// The settings of a task changed in place.
    public static let taskUpdated: EventKind = "task_updated"
    /// A task went over to another owner; what runs was not touched.
    public static let taskAdopted: EventKind = "task_adopted"
    /// A run ended that is followed by another one.
    public static let runEnded: EventKind = "run_ended"
    /// A node registered for the first time.
    public static let nodeJoined: EventKind = "node_joined"
    /// A node did not answer for the length of its lease.
    public static let nodeSilent: EventKind = "node_silent"
    /// A silent node answers again.
    public static let nodeBack: EventKind = "node_back"
    /// A node takes no new tasks.
    public static let nodeDraining: EventKind = "node_draining"
    /// A node that took no new tasks takes them again.
    public static let nodeUndrained: EventKind = "node_undrained"
    /// A new holder took an owner's lease.
    public static let leaseTaken: EventKind = "lease_taken"
    /// A person told an owner to do something.
    public static let directiveGiven: EventKind = "directive_given"
}
