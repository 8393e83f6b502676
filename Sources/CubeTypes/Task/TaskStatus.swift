/// A task, as the manager answers it.
///
/// - Since: 0.1
public struct TaskStatus: Codable, Hashable, Sendable, Identifiable {
    /// Its id, which is never used again.
    public var id: TaskID
    /// Whose task it is.
    public var owner: OwnerName
    /// The workload's name.
    public var name: WorkloadName
    /// Which replica: from 0.
    public var ordinal: Int
    /// Which task of its slot: from 0, counted by the manager.
    public var attempt: Int
    /// What it is doing.
    public var state: TaskState
    /// Whether a run is alive and its checks pass.
    public var ready: Bool
    /// `run` or `stop`.
    public var desired: DesiredTaskState
    /// Why it is in its state, as a stable word.
    public var reason: TaskReason?
    /// The same for a person.
    public var message: String?
    /// Over the fields of the definition whose change replaces the task.
    public var specDigest: Digest
    /// Over the fields of the definition that change in place.
    public var settingsDigest: Digest
    /// The manifest file that it came from, relative to the source's root.
    public var source: String?
    /// The node that has it, or had it last; `nil` before the first.
    public var node: NodeName?
    /// How often it was given to a node; 0 before the first time.
    public var placement: Int
    /// How often the present placement was started; 0 before the first time.
    public var run: Int
    /// Restarts over all placements.
    public var restarts: Int
    /// The next start, while it waits between two runs.
    public var notBefore: Timestamp?
    /// How the last run ended.
    public var exit: TaskResult?
    /// Where its ports are reached, while it has a node.
    public var endpoints: [TaskEndpoint]
    /// Its node is silent: what is said of it may be old.
    public var nodeUnknown: Bool
    /// The limits that its node cannot hold, such as `memory`.
    public var notEnforced: [String]
    /// When it was accepted.
    public var createdAt: Timestamp
    /// When the present run, or the last one, began; `nil` before the first.
    public var startedAt: Timestamp?
    /// When it ended for good; `nil` while it has not.
    public var endedAt: Timestamp?
    /// The revision that accepted it.
    public var createdRevision: Int
    /// The revision of its last change.
    public var revision: Int
    /// What the task is.
    public var definition: TaskDefinition

    enum CodingKeys: String, CodingKey {
        case id, owner, name, ordinal, attempt, state, ready, desired, reason, message, source, node, placement, run,
            restarts,
            exit, endpoints, revision, definition
        case specDigest = "spec_digest"
        case settingsDigest = "settings_digest"
        case notBefore = "not_before"
        case nodeUnknown = "node_unknown"
        case notEnforced = "not_enforced"
        case createdAt = "created_at"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case createdRevision = "created_revision"
    }

    public init(
        id: TaskID, owner: OwnerName, name: WorkloadName, ordinal: Int, attempt: Int, state: TaskState,
        ready: Bool = false,
        desired: DesiredTaskState = .run, reason: TaskReason? = nil, message: String? = nil, specDigest: Digest,
        settingsDigest: Digest, source: String? = nil, node: NodeName? = nil, placement: Int = 0, run: Int = 0,
        restarts: Int = 0, notBefore: Timestamp? = nil, exit: TaskResult? = nil, endpoints: [TaskEndpoint] = [],
        nodeUnknown: Bool = false,
        notEnforced: [String] = [], createdAt: Timestamp, startedAt: Timestamp? = nil, endedAt: Timestamp? = nil,
        createdRevision: Int, revision: Int, definition: TaskDefinition
    ) {
        self.id = id
        self.owner = owner
        self.name = name
        self.ordinal = ordinal
        self.attempt = attempt
        self.state = state
        self.ready = ready
        self.desired = desired
        self.reason = reason
        self.message = message
        self.specDigest = specDigest
        self.settingsDigest = settingsDigest
        self.source = source
        self.node = node
        self.placement = placement
        self.run = run
        self.restarts = restarts
        self.notBefore = notBefore
        self.exit = exit
        self.endpoints = endpoints
        self.nodeUnknown = nodeUnknown
        self.notEnforced = notEnforced
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.createdRevision = createdRevision
        self.revision = revision
        self.definition = definition
    }
}

/// What a task should do.
///
/// - Since: 0.1
public struct DesiredTaskState: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// To run.
    public static let run: DesiredTaskState = "run"
    /// To end.
    public static let stop: DesiredTaskState = "stop"
}
