import CubeErrors

/// The network of a container. At most one of the properties has a value; by default, the container has the standard network of
/// its engine.
///
/// - Since: 0.1
public struct TaskNetwork: Hashable, Sendable {
    /// The networks that the container joins. The containers of one owner and node in the same network reach each other by the
    /// names of their workloads.
    public var join: [NetworkName]
    /// Another kind of network.
    public var mode: NetworkMode?
    /// The workload of the same owner whose network the container uses instead of its own.
    public var of: WorkloadName?

    public init(join: [NetworkName] = [], mode: NetworkMode? = nil, of: WorkloadName? = nil) {
        self.join = join
        self.mode = mode
        self.of = of
    }

    /// The standard network of the engine.
    public static let standard = TaskNetwork()
}

extension TaskNetwork: Codable {
    enum CodingKeys: String, CodingKey { case join, mode, of }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        join = try container.readElementsIfPresent([NetworkName].self, forKey: .join) ?? []
        mode = try container.readIfPresent(NetworkMode.self, forKey: .mode)
        of = try container.readIfPresent(WorkloadName.self, forKey: .of)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if !join.isEmpty { try container.encode(join, forKey: .join) }
        try container.encodeIfPresent(mode, forKey: .mode)
        try container.encodeIfPresent(of, forKey: .of)
    }
}

/// A kind of network of a container; an open set.
///
/// - Since: 0.1
public struct NetworkMode: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The network of the node. The node must allow it.
    public static let host: NetworkMode = "host"
}
