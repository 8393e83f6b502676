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
    /// Who made the change: `token:NAME` for a token that the manager issued, `local:ROLE` for a token of the manager's data directory,
    /// `socket` for the Unix socket, `process` for the manager's own process. `nil` if nobody did: the event follows from time or from
    /// the report of a worker.
    public var actor: String?
    /// The address from which the change was made; `nil` if there is none, as on a Unix socket.
    public var origin: String?

    public init(
        revision: Int, at: Timestamp, kind: EventKind, owner: OwnerName? = nil, name: WorkloadName? = nil,
        ordinal: Int? = nil,
        task: TaskID? = nil, node: NodeName? = nil, reason: TaskReason? = nil, message: String? = nil,
        actor: String? = nil, origin: String? = nil
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
        self.actor = actor
        self.origin = origin
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
        actor = try container.readTextIfPresent(forKey: .actor)
        origin = try container.readTextIfPresent(forKey: .origin)
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
    /// A person started a command beside the program of a task, or tried to. The message contains the name of the command's program.
    public static let execStarted: EventKind = "exec_started"
    /// A run ended, and another run follows.
    public static let runEnded: EventKind = "run_ended"
    /// A node registered for the first time.
    public static let nodeJoined: EventKind = "node_joined"
    /// A node has not responded for the length of its lease.
    public static let nodeSilent: EventKind = "node_silent"
    /// A silent node responds again.
    public static let nodeBack: EventKind = "node_back"
    /// The node was cordoned: it receives no new tasks and keeps its tasks.
    public static let nodeCordoned: EventKind = "node_cordoned"
    /// The drain of a node started: it receives no new tasks, and its tasks are moved to other nodes.
    public static let nodeDraining: EventKind = "node_draining"
    /// No task is left on a node that is being drained.
    public static let nodeDrained: EventKind = "node_drained"
    /// The node was uncordoned: it receives new tasks again, and its drain is over.
    public static let nodeUncordoned: EventKind = "node_uncordoned"
    /// A named volume was bound to the node of the first task that uses it.
    public static let volumeCreated: EventKind = "volume_created"
    /// A node reported a named volume of which the manager had no record, such as one that is newer than a restored backup.
    public static let volumeFound: EventKind = "volume_found"
    /// A named volume was removed, or its record was dropped.
    public static let volumeRemoved: EventKind = "volume_removed"
    /// The removal of a named volume was requested.
    public static let volumeRemoving: EventKind = "volume_removing"
    /// A worker registered a node, or registered it with other properties, such as another address.
    public static let nodeRegistered: EventKind = "node_registered"
    /// A node was removed from the cluster.
    public static let nodeForgotten: EventKind = "node_forgotten"
    /// A token was issued. The message contains its name, its role and its expiry.
    public static let tokenCreated: EventKind = "token_created"
    /// A token was revoked. The message contains its name.
    public static let tokenRevoked: EventKind = "token_revoked"
    /// The holder of the lease of an owner gave it up.
    public static let leaseReleased: EventKind = "lease_released"
    /// The limits of an owner's guards were changed.
    public static let limitsChanged: EventKind = "limits_changed"
    /// An owner was removed with its slots and its ended tasks.
    public static let ownerForgotten: EventKind = "owner_forgotten"
    /// A new holder took the lease of an owner.
    public static let leaseTaken: EventKind = "lease_taken"
    /// A person gave a directive to an owner.
    public static let directiveGiven: EventKind = "directive_given"
}
