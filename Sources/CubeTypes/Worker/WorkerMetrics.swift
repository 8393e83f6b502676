/// Figures of a machine and of the tasks on it: the answer of a worker's `GET /metrics`. Units end the names.
///
/// - Since: 0.1
public struct WorkerMetrics: Codable, Hashable, Sendable {
    /// When they were taken.
    public var at: Timestamp
    /// How many processors the machine has.
    public var cores: Int
    /// The load average of one minute.
    public var load: Double
    /// Memory of the machine, in bytes.
    public var memoryTotalBytes: Int
    /// Memory that new programs can have, in bytes.
    public var memoryAvailableBytes: Int
    /// Of the file system with the worker's directory.
    public var diskTotalBytes: Int
    /// What is free of it, in bytes.
    public var diskAvailableBytes: Int
    /// Since the machine started, in seconds.
    public var uptimeSeconds: Int
    /// By task id.
    public var tasks: [TaskMetrics]

    enum CodingKeys: String, CodingKey {
        case at, cores, load, tasks
        case memoryTotalBytes = "memory_total_bytes"
        case memoryAvailableBytes = "memory_available_bytes"
        case diskTotalBytes = "disk_total_bytes"
        case diskAvailableBytes = "disk_available_bytes"
        case uptimeSeconds = "uptime_seconds"
    }

    public init(
        at: Timestamp, cores: Int, load: Double, memoryTotalBytes: Int, memoryAvailableBytes: Int, diskTotalBytes: Int,
        diskAvailableBytes: Int, uptimeSeconds: Int, tasks: [TaskMetrics]
    ) {
        self.at = at
        self.cores = cores
        self.load = load
        self.memoryTotalBytes = memoryTotalBytes
        self.memoryAvailableBytes = memoryAvailableBytes
        self.diskTotalBytes = diskTotalBytes
        self.diskAvailableBytes = diskAvailableBytes
        self.uptimeSeconds = uptimeSeconds
        self.tasks = tasks
    }
}

/// Figures of one running task: of all its processes together.
///
/// - Since: 0.1
public struct TaskMetrics: Codable, Hashable, Sendable {
    /// The task's id.
    public var id: TaskID
    /// How many processes it has now.
    public var processes: Int
    /// Processor time used by the living processes and the children that they waited for.
    public var cpuSeconds: Double
    /// Resident memory.
    public var memoryBytes: Int

    enum CodingKeys: String, CodingKey {
        case id, processes
        case cpuSeconds = "cpu_seconds"
        case memoryBytes = "memory_bytes"
    }

    public init(id: TaskID, processes: Int, cpuSeconds: Double, memoryBytes: Int) {
        self.id = id
        self.processes = processes
        self.cpuSeconds = cpuSeconds
        self.memoryBytes = memoryBytes
    }
}
