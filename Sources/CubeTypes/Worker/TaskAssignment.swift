/// One placement of a task, as the manager gives it to a worker: `POST /tasks` of a worker. Idempotent by id and placement.
///
/// - Since: 0.1
public struct TaskAssignment: Codable, Hashable, Sendable {
    /// The manager's cluster; a worker refuses another one than its own.
    public var cluster: ClusterID
    /// The manager's incarnation; a worker refuses one lower than it has seen.
    public var term: Int
    /// The task's id.
    public var id: TaskID
    /// Whose it is.
    public var owner: OwnerName
    /// Which replica: from 0.
    public var ordinal: Int
    /// Which task of its slot: from 0, counted by the manager.
    public var attempt: Int
    /// Which placement of the task this is: from 1.
    public var placement: Int
    /// The numbers of its ports, by their names.
    public var ports: [String: Int]
    /// Where what it depends on was served when it was placed: `HOST:PORT` by the names of the variables that tell it.
    public var addresses: [String: String]
    /// Over the fields of the definition that change in place; `nil`: the worker derives it. One that is of other
    /// settings than the worker reads is kept, and told as not enforced: a newer manager may know more of them.
    public var settingsDigest: Digest?
    /// What the task is.
    public var definition: TaskDefinition

    enum CodingKeys: String, CodingKey {
        case cluster, term, id, owner, ordinal, attempt, placement, ports, addresses, definition
        case settingsDigest = "settings_digest"
    }

    public init(
        cluster: ClusterID, term: Int, id: TaskID, owner: OwnerName, ordinal: Int, attempt: Int, placement: Int,
        ports: [String: Int] = [:], addresses: [String: String] = [:], settingsDigest: Digest? = nil,
        definition: TaskDefinition
    ) {
        self.cluster = cluster
        self.term = term
        self.id = id
        self.owner = owner
        self.ordinal = ordinal
        self.attempt = attempt
        self.placement = placement
        self.ports = ports
        self.addresses = addresses
        self.settingsDigest = settingsDigest
        self.definition = definition
    }

    /// What an older manager does not say of ports and addresses is empty.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            cluster: try container.decode(ClusterID.self, forKey: .cluster),
            term: try container.decode(Int.self, forKey: .term), id: try container.decode(TaskID.self, forKey: .id),
            owner: try container.decode(OwnerName.self, forKey: .owner),
            ordinal: try container.decode(Int.self, forKey: .ordinal),
            attempt: try container.decode(Int.self, forKey: .attempt),
            placement: try container.decode(Int.self, forKey: .placement),
            ports: try container.decodeIfPresent([String: Int].self, forKey: .ports) ?? [:],
            addresses: try container.decodeIfPresent([String: String].self, forKey: .addresses) ?? [:],
            settingsDigest: try container.decodeIfPresent(Digest.self, forKey: .settingsDigest),
            definition: try container.decode(TaskDefinition.self, forKey: .definition))
    }
}

/// What may change of a task while it runs: `PUT /tasks/{id}/settings` of a worker.
///
/// - Since: 0.1
public struct TaskSettings: Codable, Hashable, Sendable {
    /// The manager's cluster; a worker refuses another one than its own.
    public var cluster: ClusterID
    /// The manager's incarnation; a worker refuses one lower than it has seen.
    public var term: Int
    /// The placement that is meant.
    public var placement: Int
    /// The settings digest that the task gets; `nil`: the worker derives it.
    public var settingsDigest: Digest?
    /// The definition whose settings count from now on; its replacing fields are those that the task has.
    public var definition: TaskDefinition

    enum CodingKeys: String, CodingKey {
        case cluster, term, placement, definition
        case settingsDigest = "settings_digest"
    }

    public init(
        cluster: ClusterID, term: Int, placement: Int, settingsDigest: Digest? = nil, definition: TaskDefinition
    ) {
        self.cluster = cluster
        self.term = term
        self.placement = placement
        self.settingsDigest = settingsDigest
        self.definition = definition
    }
}
