import CubeErrors

/// An entry of the history: a change, and the revision at which it happened.
///
/// - Since: 0.1
public struct TaskEvent: Codable, Hashable, Sendable {
    /// The revision of the change.
    public var revision: Int
    /// The time of the change.
    public var at: Timestamp
    /// The kind of change, as a stable word such as `task_scheduled` or `lease_taken`.
    public var kind: EventKind
    /// The owner, if the event concerns one.
    public var owner: OwnerName?
    /// The workload, if the event concerns one.
    public var name: WorkloadName?
    /// The number of the replica, if the event concerns a slot.
    public var ordinal: Int?
    /// The task, if the event concerns one.
    public var task: TaskID?
    /// The node, if the event concerns one.
    public var node: NodeName?
    /// The reason for the change, as a stable word.
    public var reason: TaskReason?
    /// Further details, for a person.
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

extension TaskEvent {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        revision = try container.decode(Int.self, forKey: .revision)
        at = try container.decode(Timestamp.self, forKey: .at)
        kind = try container.decode(EventKind.self, forKey: .kind)
        owner = try container.readIfPresent(OwnerName.self, forKey: .owner)
        name = try container.readIfPresent(WorkloadName.self, forKey: .name)
        ordinal = try container.readIfPresent(Int.self, forKey: .ordinal)
        task = try container.readIfPresent(TaskID.self, forKey: .task)
        node = try container.readIfPresent(NodeName.self, forKey: .node)
        reason = try container.readIfPresent(TaskReason.self, forKey: .reason)
        message = try container.readTextIfPresent(forKey: .message)
    }
}

/// The kind of a ``TaskEvent``; an open set.
///
/// - Since: 0.1
public struct EventKind: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A task was accepted or lost its node, and has no node yet.
    public static let taskPending: EventKind = "task_pending"
    /// A task was placed on a node.
    public static let taskScheduled: EventKind = "task_scheduled"
    /// A run of a task started.
    public static let taskRunning: EventKind = "task_running"
    /// A stop of a task was requested.
    public static let taskStopping: EventKind = "task_stopping"
    /// The program of a task exited with code 0, and the task is not restarted.
    public static let taskCompleted: EventKind = "task_completed"
    /// A task ended because its restarts are used up or not allowed.
    public static let taskFailed: EventKind = "task_failed"
    /// A task ended because its stop was requested.
    public static let taskStopped: EventKind = "task_stopped"
    /// The settings of a task were updated in place.
    public static let taskUpdated: EventKind = "task_updated"
    /// A task moved to another owner; the running process was not affected.
    public static let taskAdopted: EventKind = "task_adopted"
    /// A run ended, and another run follows.
    public static let runEnded: EventKind = "run_ended"
    /// A node registered for the first time.
    public static let nodeJoined: EventKind = "node_joined"
    /// A node has not responded for the length of its lease.
    public static let nodeSilent: EventKind = "node_silent"
    /// A silent node responds again.
    public static let nodeBack: EventKind = "node_back"
    /// The drain of a node started: it receives no new tasks.
    public static let nodeDraining: EventKind = "node_draining"
    /// The drain of a node ended: it receives new tasks again.
    public static let nodeUndrained: EventKind = "node_undrained"
    /// A new holder took the lease of an owner.
    public static let leaseTaken: EventKind = "lease_taken"
    /// A person gave a directive to an owner.
    public static let directiveGiven: EventKind = "directive_given"
}
