/// A placement of a task on a worker: the body of `POST /tasks` of a worker. The call is idempotent by id and placement.
///
/// - Since: 0.1
public struct TaskAssignment: Codable, Hashable, Sendable {
    /// The cluster of the manager; a worker rejects a cluster other than its own.
    public var cluster: ClusterID
    /// The term of the manager's incarnation; a worker rejects a term lower than the highest that it has seen.
    public var term: Int
    /// The id of the task.
    public var id: TaskID
    /// The owner of the task.
    public var owner: OwnerName
    /// The number of the replica, from 0.
    public var ordinal: Int
    /// The number of the task within its slot, from 0, assigned by the manager.
    public var attempt: Int
    /// The number of the placement within the task, from 1.
    public var placement: Int
    /// The allocated port numbers, by the names of the ports.
    public var ports: [String: Int]
    /// The addresses of the task's dependencies at the time of the placement: `HOST:PORT` by environment variable.
    public var addresses: [String: String]
    /// The named volumes that have data on the node, so that the worker must not create them anew.
    public var existingVolumes: [VolumeName]
    /// The digest of the definition's fields that change in place; if `nil`, the worker derives it. The worker keeps a digest that
    /// does not match the settings that it can read, because a newer manager may know more settings, and reports `settings` as not
    /// enforced.
    public var settingsDigest: Digest?
    /// The ``WorkerTaskList/receipt`` of the last response that the manager received; required for an exclusive task. The worker
    /// accepts such a task only while the lease that this response stands for lasts, so that a late call starts nothing.
    public var receipt: String?
    /// The definition of the task.
    public var definition: TaskDefinition

    enum CodingKeys: String, CodingKey {
        case cluster, term, id, owner, ordinal, attempt, placement, ports, addresses, definition, receipt
        case existingVolumes = "existing_volumes"
        case settingsDigest = "settings_digest"
    }

    public init(
        cluster: ClusterID, term: Int, id: TaskID, owner: OwnerName, ordinal: Int, attempt: Int, placement: Int,
        ports: [String: Int] = [:], addresses: [String: String] = [:], existingVolumes: [VolumeName] = [],
        settingsDigest: Digest? = nil, receipt: String? = nil, definition: TaskDefinition
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
        self.existingVolumes = existingVolumes
        self.settingsDigest = settingsDigest
        self.receipt = receipt
        self.definition = definition
    }

    /// Decodes an assignment. Ports, addresses and volumes may be missing, as older managers did not send them.
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
            existingVolumes: try container.decodeIfPresent([VolumeName].self, forKey: .existingVolumes) ?? [],
            settingsDigest: try container.decodeIfPresent(Digest.self, forKey: .settingsDigest),
            receipt: try container.decodeIfPresent(String.self, forKey: .receipt),
            definition: try container.decode(TaskDefinition.self, forKey: .definition))
    }
}

/// New settings for a running task: the body of `PUT /tasks/{id}/settings` of a worker.
///
/// - Since: 0.1
public struct TaskSettings: Codable, Hashable, Sendable {
    /// The cluster of the manager; a worker rejects a cluster other than its own.
    public var cluster: ClusterID
    /// The term of the manager's incarnation; a worker rejects a term lower than the highest that it has seen.
    public var term: Int
    /// The number of the placement whose settings change.
    public var placement: Int
    /// The settings digest after the update; if `nil`, the worker derives it.
    public var settingsDigest: Digest?
    /// The definition with the new settings. Its replacing fields are those of the existing task.
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
