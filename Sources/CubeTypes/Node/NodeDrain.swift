import CubeErrors

/// The drain of a node, or a forecast of it: which tasks leave the node, where they would be placed, and which tasks stay and why.
///
/// - Since: 0.1
public struct NodeDrain: Codable, Hashable, Sendable {
    /// The name of the node.
    public var node: NodeName
    /// The state of the node's worker.
    public var state: WorkerState
    /// Whether the node is being drained. If not, this is a forecast.
    public var draining: Bool
    /// Whether the node is being drained and no task is left on it.
    public var done: Bool
    /// The time from which jobs are stopped too; `nil` if every job runs to its end.
    public var jobsFrom: Timestamp?
    /// The tasks on the node that have not ended, sorted by owner, name, ordinal and attempt.
    public var tasks: [DrainedTask]
    /// The revision that the drain describes.
    public var revision: Int

    enum CodingKeys: String, CodingKey {
        case node, state, draining, done, tasks, revision
        case jobsFrom = "jobs_from"
    }

    public init(
        node: NodeName, state: WorkerState, draining: Bool, done: Bool, jobsFrom: Timestamp? = nil,
        tasks: [DrainedTask], revision: Int
    ) {
        self.node = node
        self.state = state
        self.draining = draining
        self.done = done
        self.jobsFrom = jobsFrom
        self.tasks = tasks
        self.revision = revision
    }
}

extension NodeDrain {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            node: try container.decode(NodeName.self, forKey: .node),
            state: try container.decode(WorkerState.self, forKey: .state),
            draining: try container.decode(Bool.self, forKey: .draining),
            done: try container.decode(Bool.self, forKey: .done),
            jobsFrom: try container.readIfPresent(Timestamp.self, forKey: .jobsFrom),
            tasks: try container.decode([DrainedTask].self, forKey: .tasks),
            revision: try container.decode(Int.self, forKey: .revision))
    }
}

/// A task on a node that is or would be drained.
///
/// - Since: 0.1
public struct DrainedTask: Codable, Hashable, Sendable, Identifiable {
    /// The id of the task.
    public var id: TaskID
    /// The owner of the task.
    public var owner: OwnerName
    /// The name of the workload.
    public var name: WorkloadName
    /// The number of the replica, from 0.
    public var ordinal: Int
    /// The state of the task.
    public var state: TaskState
    /// What becomes of the task.
    public var step: DrainStep
    /// The node on which its successor is, or would be placed now; `nil` if there is none.
    public var to: NodeName?
    /// Why the task is still on the node, as a stable word; `nil` if nothing holds it up.
    public var reason: TaskReason?
    /// Why the task is still on the node, for a person.
    public var message: String?

    public init(
        id: TaskID, owner: OwnerName, name: WorkloadName, ordinal: Int, state: TaskState, step: DrainStep,
        to: NodeName? = nil, reason: TaskReason? = nil, message: String? = nil
    ) {
        self.id = id
        self.owner = owner
        self.name = name
        self.ordinal = ordinal
        self.state = state
        self.step = step
        self.to = to
        self.reason = reason
        self.message = message
    }
}

extension DrainedTask {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try container.decode(TaskID.self, forKey: .id),
            owner: try container.decode(OwnerName.self, forKey: .owner),
            name: try container.decode(WorkloadName.self, forKey: .name),
            ordinal: try container.decode(Int.self, forKey: .ordinal),
            state: try container.decode(TaskState.self, forKey: .state),
            step: try container.decode(DrainStep.self, forKey: .step),
            to: try container.readIfPresent(NodeName.self, forKey: .to),
            reason: try container.readIfPresent(TaskReason.self, forKey: .reason),
            message: try container.readTextIfPresent(forKey: .message))
    }
}

/// What becomes of a task while its node is drained; an open set.
///
/// - Since: 0.1
public struct DrainStep: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The task is replaced by a task on another node, as soon as the update policy of its workload permits.
    public static let moves: DrainStep = "moves"
    /// The task is stopping.
    public static let stopping: DrainStep = "stopping"
    /// The task stays until the reason is gone.
    public static let stays: DrainStep = "stays"
}
