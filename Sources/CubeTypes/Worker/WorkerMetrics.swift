import CubeErrors

/// The metrics of a machine and of its tasks: the response to `GET /metrics` of a worker. Names of metrics end with the unit.
///
/// - Since: 0.1
public struct WorkerMetrics: Codable, Hashable, Sendable {
    /// The time of the measurement.
    public var at: Timestamp
    /// The number of processors of the machine.
    public var cores: Int
    /// The load average over one minute.
    public var load: Double
    /// The memory of the machine, in bytes.
    public var memoryTotalBytes: Int
    /// The memory that is available to new programs, in bytes.
    public var memoryAvailableBytes: Int
    /// The size of the file system that contains the worker's directory, in bytes.
    public var diskTotalBytes: Int
    /// The free space of that file system, in bytes.
    public var diskAvailableBytes: Int
    /// The time since the machine booted, in seconds.
    public var uptimeSeconds: Int
    /// The metrics of the running tasks, sorted by task id.
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

extension WorkerMetrics {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        at = try container.decode(Timestamp.self, forKey: .at)
        cores = try container.decode(Int.self, forKey: .cores)
        load = try container.decode(Double.self, forKey: .load)
        memoryTotalBytes = try container.decode(Int.self, forKey: .memoryTotalBytes)
        memoryAvailableBytes = try container.decode(Int.self, forKey: .memoryAvailableBytes)
        diskTotalBytes = try container.decode(Int.self, forKey: .diskTotalBytes)
        diskAvailableBytes = try container.decode(Int.self, forKey: .diskAvailableBytes)
        uptimeSeconds = try container.decode(Int.self, forKey: .uptimeSeconds)
        tasks = try container.readElements([TaskMetrics].self, forKey: .tasks)
    }
}

/// The metrics of a running task, summed over all its processes.
///
/// - Since: 0.1
public struct TaskMetrics: Codable, Hashable, Sendable {
    /// The id of the task.
    public var id: TaskID
    /// The current number of processes.
    public var processes: Int
    /// The processor time used by the live processes and by the children that they have waited for, in seconds.
    public var cpuSeconds: Double
    /// The resident memory, in bytes.
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
