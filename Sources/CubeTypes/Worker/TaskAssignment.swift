/// One placement of a task, as the manager gives it to a worker: `POST /tasks` of a worker. Idempotent by id and placement.
public struct TaskAssignment: Codable, Hashable, Sendable {
    public var cluster: ClusterID
    /// The manager's incarnation; a worker refuses one lower than it has seen.
    public var term: Int
    public var id: TaskID
    public var owner: OwnerName
    public var ordinal: Int
    public var attempt: Int
    public var placement: Int
    /// The numbers of its ports, by their names.
    public var ports: [String: Int]
    public var settingsDigest: Digest
    public var definition: TaskDefinition

    enum CodingKeys: String, CodingKey {
        case cluster, term, id, owner, ordinal, attempt, placement, ports, definition
        case settingsDigest = "settings_digest"
    }

    public init(
        cluster: ClusterID, term: Int, id: TaskID, owner: OwnerName, ordinal: Int, attempt: Int, placement: Int,
        ports: [String: Int] = [:], settingsDigest: Digest, definition: TaskDefinition
    ) {
        self.cluster = cluster
        self.term = term
        self.id = id
        self.owner = owner
        self.ordinal = ordinal
        self.attempt = attempt
        self.placement = placement
        self.ports = ports
        self.settingsDigest = settingsDigest
        self.definition = definition
    }
}

/// What may change of a task while it runs: `PUT /tasks/{id}/settings` of a worker.
public struct TaskSettings: Codable, Hashable, Sendable {
    public var cluster: ClusterID
    public var term: Int
    public var placement: Int
    public var settingsDigest: Digest
    /// The definition whose settings count from now on; its replacing fields are those that the task has.
    public var definition: TaskDefinition

    enum CodingKeys: String, CodingKey {
        case cluster, term, placement, definition
        case settingsDigest = "settings_digest"
    }

    public init(cluster: ClusterID, term: Int, placement: Int, settingsDigest: Digest, definition: TaskDefinition) {
        self.cluster = cluster
        self.term = term
        self.placement = placement
        self.settingsDigest = settingsDigest
        self.definition = definition
    }
}
