import CubeErrors

/// What a task may use at most, apart from what it reserves. The status of a task names the limits that its node cannot enforce.
///
/// - Since: 0.1
public struct TaskLimits: Hashable, Sendable {
    /// Memory in bytes. A task that uses more is killed (`oom_killed`).
    public var memory: Int?
    /// CPU time in thousandths of a core; on the wire, `cpu` in cores.
    public var millicores: Int?
    /// The number of processes and threads.
    public var pids: Int?
    /// The number of open files of each process.
    public var openFiles: Int?
    /// Disk space in bytes.
    public var disk: Int?

    public init(
        memory: Int? = nil, millicores: Int? = nil, pids: Int? = nil, openFiles: Int? = nil, disk: Int? = nil
    ) {
        self.memory = memory
        self.millicores = millicores
        self.pids = pids
        self.openFiles = openFiles
        self.disk = disk
    }

    /// No limits.
    public static let none = TaskLimits()
}

extension TaskLimits: Codable {
    enum CodingKeys: String, CodingKey {
        case memory, cpu, pids, disk
        case openFiles = "open_files"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        memory = try container.readIfPresent(Int.self, forKey: .memory)
        millicores = try container.passingOver(.cpu) {
            guard let cores = try container.readIfPresent(Double.self, forKey: .cpu) else { return nil }
            guard (0...1_000_000).contains(cores) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .cpu, in: container, debugDescription: "\(cores) must be from 0 to 1000000 cores")
            }
            return Int((cores * 1000).rounded())
        }
        pids = try container.readIfPresent(Int.self, forKey: .pids)
        openFiles = try container.readIfPresent(Int.self, forKey: .openFiles)
        disk = try container.readIfPresent(Int.self, forKey: .disk)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(memory, forKey: .memory)
        try container.encodeIfPresent(millicores.map { Double($0) / 1000 }, forKey: .cpu)
        try container.encodeIfPresent(pids, forKey: .pids)
        try container.encodeIfPresent(openFiles, forKey: .openFiles)
        try container.encodeIfPresent(disk, forKey: .disk)
    }
}
