import CubeErrors

/// The status of a task, as the manager returns it.
///
/// - Since: 0.1
public struct TaskStatus: Hashable, Sendable, Identifiable {
    /// All copies share the fields until one of them changes, so that a copy costs as much as that of a reference.
    @Shared private var fields: Fields

    /// The id of the task, which is never reused.
    public var id: TaskID {
        get { fields.id }
        _modify { yield &fields.id }
    }
    /// The owner of the task.
    public var owner: OwnerName {
        get { fields.owner }
        _modify { yield &fields.owner }
    }
    /// The name of the workload.
    public var name: WorkloadName {
        get { fields.name }
        _modify { yield &fields.name }
    }
    /// The number of the replica, from 0.
    public var ordinal: Int {
        get { fields.ordinal }
        _modify { yield &fields.ordinal }
    }
    /// The number of the task within its slot, from 0, assigned by the manager.
    public var attempt: Int {
        get { fields.attempt }
        _modify { yield &fields.attempt }
    }
    /// The state of the task.
    public var state: TaskState {
        get { fields.state }
        _modify { yield &fields.state }
    }
    /// Whether a run is alive and its checks pass.
    public var ready: Bool {
        get { fields.ready }
        _modify { yield &fields.ready }
    }
    /// The desired state: `run` or `stop`.
    public var desired: DesiredTaskState {
        get { fields.desired }
        _modify { yield &fields.desired }
    }
    /// The reason for the state, as a stable word.
    public var reason: TaskReason? {
        get { fields.reason }
        _modify { yield &fields.reason }
    }
    /// The reason for the state, for a person.
    public var message: String? {
        get { fields.message }
        _modify { yield &fields.message }
    }
    /// The digest of the definition's fields whose change replaces the task.
    public var specDigest: Digest {
        get { fields.specDigest }
        _modify { yield &fields.specDigest }
    }
    /// The digest of the definition's fields that change in place.
    public var settingsDigest: Digest {
        get { fields.settingsDigest }
        _modify { yield &fields.settingsDigest }
    }
    /// The manifest file of the workload, relative to the root of the source.
    public var source: String? {
        get { fields.source }
        _modify { yield &fields.source }
    }
    /// The workloads of the same owner that it depends on.
    public var dependencies: [WorkloadName] {
        get { fields.dependencies }
        _modify { yield &fields.dependencies }
    }
    /// Whether it may be stopped when its manifest goes; `nil` when its owner's source never said so: it may then.
    public var prune: Bool? {
        get { fields.prune }
        _modify { yield &fields.prune }
    }
    /// How long it must have been ready for its definition to count as healthy, in whole milliseconds; `nil` means
    /// ``TaskProposal/standardMinHealthy``. On the wire, it is a text such as `15s`.
    public var minHealthy: Duration? {
        get { fields.minHealthy?.duration }
        set { fields.minHealthy = newValue.map { DurationText($0) } }
    }
    /// The revision at which its owner's source last said where it is declared; `nil` when it never did.
    public var declaredRevision: Int? {
        get { fields.declaredRevision }
        _modify { yield &fields.declaredRevision }
    }
    /// The current or last node of the task; `nil` before the first placement.
    public var node: NodeName? {
        get { fields.node }
        _modify { yield &fields.node }
    }
    /// The number of placements so far; 0 before the first placement.
    public var placement: Int {
        get { fields.placement }
        _modify { yield &fields.placement }
    }
    /// The number of starts in the current placement; 0 before the first start.
    public var run: Int {
        get { fields.run }
        _modify { yield &fields.run }
    }
    /// The number of restarts over all placements.
    public var restarts: Int {
        get { fields.restarts }
        _modify { yield &fields.restarts }
    }
    /// The time of the next start, while the task waits between two runs.
    public var notBefore: Timestamp? {
        get { fields.notBefore }
        _modify { yield &fields.notBefore }
    }
    /// The result of the last run.
    public var exit: TaskResult? {
        get { fields.exit }
        _modify { yield &fields.exit }
    }
    /// The addresses of the task's ports, while it has a node.
    public var endpoints: [TaskEndpoint] {
        get { fields.endpoints }
        _modify { yield &fields.endpoints }
    }
    /// The digest of the image of the current or last run: its digest in the registry, or its ID if it has none; `nil` for a process
    /// and before the first run.
    public var imageDigest: String? {
        get { fields.imageDigest }
        _modify { yield &fields.imageDigest }
    }
    /// The digest of the image that the reference of the task names on its node now, if it is another image than the one that runs.
    public var imageMovedTo: String? {
        get { fields.imageMovedTo }
        _modify { yield &fields.imageMovedTo }
    }
    /// Whether the node is silent, so that this status may be out of date.
    public var nodeUnknown: Bool {
        get { fields.nodeUnknown }
        _modify { yield &fields.nodeUnknown }
    }
    /// What the manager wants to become of the task while its node is drained; `nil` if the node is not drained.
    public var eviction: TaskEviction? {
        get { fields.eviction }
        _modify { yield &fields.eviction }
    }
    /// The limits that the node cannot enforce, such as `limits.memory`.
    public var notEnforced: [String] {
        get { fields.notEnforced }
        _modify { yield &fields.notEnforced }
    }
    /// The time at which the task was accepted.
    public var createdAt: Timestamp {
        get { fields.createdAt }
        _modify { yield &fields.createdAt }
    }
    /// The time at which the current or last run started; `nil` before the first run.
    public var startedAt: Timestamp? {
        get { fields.startedAt }
        _modify { yield &fields.startedAt }
    }
    /// The time at which the task ended permanently; `nil` if it has not.
    public var endedAt: Timestamp? {
        get { fields.endedAt }
        _modify { yield &fields.endedAt }
    }
    /// The revision at which the task was accepted.
    public var createdRevision: Int {
        get { fields.createdRevision }
        _modify { yield &fields.createdRevision }
    }
    /// The revision of the last change of the task.
    public var revision: Int {
        get { fields.revision }
        _modify { yield &fields.revision }
    }
    /// The definition of the task.
    public var definition: TaskDefinition {
        get { fields.definition }
        _modify { yield &fields.definition }
    }

    fileprivate struct Fields: Codable, Hashable, Sendable {
        var id: TaskID
        var owner: OwnerName
        var name: WorkloadName
        var ordinal: Int
        var attempt: Int
        var state: TaskState
        var ready: Bool
        var desired: DesiredTaskState
        var reason: TaskReason?
        var message: String?
        var specDigest: Digest
        var settingsDigest: Digest
        var source: String?
        var dependencies: [WorkloadName]
        var prune: Bool?
        var minHealthy: DurationText?
        var declaredRevision: Int?
        var node: NodeName?
        var placement: Int
        var run: Int
        var restarts: Int
        var notBefore: Timestamp?
        var exit: TaskResult?
        var endpoints: [TaskEndpoint]
        var imageDigest: String?
        var imageMovedTo: String?
        var nodeUnknown: Bool
        var eviction: TaskEviction?
        var notEnforced: [String]
        var createdAt: Timestamp
        var startedAt: Timestamp?
        var endedAt: Timestamp?
        var createdRevision: Int
        var revision: Int
        var definition: TaskDefinition

        enum CodingKeys: String, CodingKey {
            case id, owner, name, ordinal, attempt, state, ready, desired, reason, message, source, node, placement,
                run, restarts, exit, endpoints, eviction, revision, definition, prune
            case dependencies = "depends_on"
            case minHealthy = "min_healthy"
            case declaredRevision = "declared_revision"
            case specDigest = "spec_digest"
            case settingsDigest = "settings_digest"
            case notBefore = "not_before"
            case nodeUnknown = "node_unknown"
            case notEnforced = "not_enforced"
            case imageDigest = "image_digest"
            case imageMovedTo = "image_moved_to"
            case createdAt = "created_at"
            case startedAt = "started_at"
            case endedAt = "ended_at"
            case createdRevision = "created_revision"
        }
    }

    public init(
        id: TaskID, owner: OwnerName, name: WorkloadName, ordinal: Int, attempt: Int, state: TaskState,
        ready: Bool = false,
        desired: DesiredTaskState = .run, reason: TaskReason? = nil, message: String? = nil, specDigest: Digest,
        settingsDigest: Digest, source: String? = nil, dependencies: [WorkloadName] = [], prune: Bool? = nil,
        minHealthy: Duration? = nil, declaredRevision: Int? = nil, node: NodeName? = nil, placement: Int = 0,
        run: Int = 0,
        restarts: Int = 0, notBefore: Timestamp? = nil, exit: TaskResult? = nil, endpoints: [TaskEndpoint] = [],
        imageDigest: String? = nil, imageMovedTo: String? = nil, nodeUnknown: Bool = false,
        eviction: TaskEviction? = nil, notEnforced: [String] = [], createdAt: Timestamp, startedAt: Timestamp? = nil,
        endedAt: Timestamp? = nil,
        createdRevision: Int, revision: Int, definition: TaskDefinition
    ) {
        fields = Fields(
            id: id, owner: owner, name: name, ordinal: ordinal, attempt: attempt, state: state, ready: ready,
            desired: desired, reason: reason, message: message, specDigest: specDigest, settingsDigest: settingsDigest,
            source: source, dependencies: dependencies, prune: prune,
            minHealthy: minHealthy.map { DurationText($0) }, declaredRevision: declaredRevision, node: node,
            placement: placement, run: run, restarts: restarts, notBefore: notBefore, exit: exit, endpoints: endpoints,
            imageDigest: imageDigest, imageMovedTo: imageMovedTo, nodeUnknown: nodeUnknown, eviction: eviction,
            notEnforced: notEnforced, createdAt: createdAt, startedAt: startedAt, endedAt: endedAt,
            createdRevision: createdRevision, revision: revision, definition: definition)
    }
}

extension TaskStatus: Codable {
    public init(from decoder: any Decoder) throws { fields = try Fields(from: decoder) }

    public func encode(to encoder: any Encoder) throws { try fields.encode(to: encoder) }
}

extension TaskStatus.Fields {
    /// The source, the dependencies, `prune`, `min_healthy` and the declared revision are never skipped. A task whose manifest file is
    /// unreadable is kept, dependents are pruned before their dependencies, and a task with `prune` = `false` is never pruned.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(TaskID.self, forKey: .id)
        owner = try container.decode(OwnerName.self, forKey: .owner)
        name = try container.decode(WorkloadName.self, forKey: .name)
        ordinal = try container.decode(Int.self, forKey: .ordinal)
        attempt = try container.decode(Int.self, forKey: .attempt)
        state = try container.decode(TaskState.self, forKey: .state)
        ready = try container.decode(Bool.self, forKey: .ready)
        desired = try container.decode(DesiredTaskState.self, forKey: .desired)
        reason = try container.readIfPresent(TaskReason.self, forKey: .reason)
        message = try container.readTextIfPresent(forKey: .message)
        specDigest = try container.decode(Digest.self, forKey: .specDigest)
        settingsDigest = try container.decode(Digest.self, forKey: .settingsDigest)
        source = try container.decodeIfPresent(String.self, forKey: .source)
        dependencies = try container.decodeIfPresent([WorkloadName].self, forKey: .dependencies) ?? []
        prune = try container.decodeIfPresent(Bool.self, forKey: .prune)
        minHealthy = try container.decodeIfPresent(DurationText.self, forKey: .minHealthy)
        declaredRevision = try container.decodeIfPresent(Int.self, forKey: .declaredRevision)
        node = try container.readIfPresent(NodeName.self, forKey: .node)
        placement = try container.decode(Int.self, forKey: .placement)
        run = try container.decode(Int.self, forKey: .run)
        restarts = try container.decode(Int.self, forKey: .restarts)
        notBefore = try container.readIfPresent(Timestamp.self, forKey: .notBefore)
        exit = try container.readIfPresent(TaskResult.self, forKey: .exit)
        endpoints = try container.readElementsIfPresent([TaskEndpoint].self, forKey: .endpoints) ?? []
        imageDigest = try container.readTextIfPresent(forKey: .imageDigest)
        imageMovedTo = try container.readTextIfPresent(forKey: .imageMovedTo)
        nodeUnknown = try container.decode(Bool.self, forKey: .nodeUnknown)
        eviction = try container.decodeIfPresent(TaskEviction.self, forKey: .eviction)
        notEnforced = try container.readElements([String].self, forKey: .notEnforced)
        createdAt = try container.decode(Timestamp.self, forKey: .createdAt)
        startedAt = try container.readIfPresent(Timestamp.self, forKey: .startedAt)
        endedAt = try container.readIfPresent(Timestamp.self, forKey: .endedAt)
        createdRevision = try container.decode(Int.self, forKey: .createdRevision)
        revision = try container.decode(Int.self, forKey: .revision)
        definition = try container.decode(TaskDefinition.self, forKey: .definition)
    }
}

/// The desired state of a task.
///
/// - Since: 0.1
public struct DesiredTaskState: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The task should run.
    public static let run: DesiredTaskState = "run"
    /// The task should end.
    public static let stop: DesiredTaskState = "stop"
}
