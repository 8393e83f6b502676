import CubeErrors

/// Resources that a task reserves, or that a node has.
///
/// - Since: 0.1
public struct ResourceSpec: Hashable, Sendable {
    /// CPU in thousandths of a core; on the wire, `cpu` in cores.
    public var millicores: Int
    /// Memory in bytes.
    public var memory: Int
    /// Disk space in bytes.
    public var disk: Int

    public init(millicores: Int = 0, memory: Int = 0, disk: Int = 0) {
        self.millicores = millicores
        self.memory = memory
        self.disk = disk
    }

    /// - Parameters:
    ///   - cores: CPU in cores, such as `0.5`; rounded to thousandths.
    ///   - memory: memory in bytes.
    ///   - disk: disk space in bytes.
    public init(cores: Double, memory: Int = 0, disk: Int = 0) {
        self.init(millicores: Int((cores * 1000).rounded()), memory: memory, disk: disk)
    }

    /// ``millicores`` in cores.
    public var cores: Double { Double(millicores) / 1000 }

    /// No resources.
    public static let zero = ResourceSpec()

    /// Whether these resources are sufficient for a demand: each of its values is at most the corresponding value.
    public func covers(_ demand: ResourceSpec) -> Bool {
        demand.millicores <= millicores && demand.memory <= memory && demand.disk <= disk
    }

    public static func + (left: ResourceSpec, right: ResourceSpec) -> ResourceSpec {
        ResourceSpec(
            millicores: left.millicores + right.millicores, memory: left.memory + right.memory,
            disk: left.disk + right.disk)
    }

    public static func - (left: ResourceSpec, right: ResourceSpec) -> ResourceSpec {
        ResourceSpec(
            millicores: left.millicores - right.millicores, memory: left.memory - right.memory,
            disk: left.disk - right.disk)
    }
}

extension ResourceSpec: Codable {
    enum CodingKeys: String, CodingKey { case cpu, memory, disk }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func within<Value: Decodable & Comparable>(
            _ range: ClosedRange<Value>, _ key: CodingKeys, _ unit: String
        ) throws -> Value? {
            try container.passingOver(key) {
                guard let value = try container.readIfPresent(Value.self, forKey: key) else { return nil }
                guard range.contains(value) else {
                    throw DecodingError.dataCorruptedError(
                        forKey: key, in: container,
                        debugDescription: "\(value) must be from \(range.lowerBound) to \(range.upperBound) \(unit)")
                }
                return value
            }
        }
        let bytes = 0...Self.maximumBytes
        self.init(
            cores: try within(0...1_000_000.0, .cpu, "cores") ?? 0, memory: try within(bytes, .memory, "bytes") ?? 0,
            disk: try within(bytes, .disk, "bytes") ?? 0)
    }

    /// The maximum for memory and disk: 1 PiB, so that sums of thousands of values fit into an `Int`.
    package static let maximumBytes = 1 << 50

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(cores, forKey: .cpu)
        try container.encode(memory, forKey: .memory)
        try container.encode(disk, forKey: .disk)
    }
}
