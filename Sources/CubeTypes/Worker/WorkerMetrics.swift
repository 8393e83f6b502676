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
    /// The time that the processors were busy since the machine booted, in seconds, summed over all of them.
    public var cpuSeconds: Double
    /// The memory of the machine, in bytes.
    public var memoryTotalBytes: Int
    /// The memory that is available to new programs, in bytes.
    public var memoryAvailableBytes: Int
    /// The size of the file system that contains the worker's directory, in bytes.
    public var diskTotalBytes: Int
    /// The free space of that file system, in bytes.
    public var diskAvailableBytes: Int
    /// The bytes read from the disks of the machine since it booted.
    public var diskReadBytes: Int
    /// The bytes written to the disks of the machine since it booted.
    public var diskWrittenBytes: Int
    /// The bytes that the network interfaces of the machine, without virtual ones, have received since it booted.
    public var networkReceivedBytes: Int
    /// The bytes that these interfaces have sent since the machine booted.
    public var networkSentBytes: Int
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
        case diskReadBytes = "disk_read_bytes"
        case diskWrittenBytes = "disk_written_bytes"
        case networkReceivedBytes = "network_received_bytes"
        case networkSentBytes = "network_sent_bytes"
        case cpuSeconds = "cpu_seconds"
        case uptimeSeconds = "uptime_seconds"
    }

    public init(
        at: Timestamp, cores: Int, load: Double, cpuSeconds: Double, memoryTotalBytes: Int, memoryAvailableBytes: Int,
        diskTotalBytes: Int, diskAvailableBytes: Int, diskReadBytes: Int, diskWrittenBytes: Int,
        networkReceivedBytes: Int, networkSentBytes: Int, uptimeSeconds: Int, tasks: [TaskMetrics]
    ) {
        self.at = at
        self.cores = cores
        self.load = load
        self.cpuSeconds = cpuSeconds
        self.memoryTotalBytes = memoryTotalBytes
        self.memoryAvailableBytes = memoryAvailableBytes
        self.diskTotalBytes = diskTotalBytes
        self.diskAvailableBytes = diskAvailableBytes
        self.diskReadBytes = diskReadBytes
        self.diskWrittenBytes = diskWrittenBytes
        self.networkReceivedBytes = networkReceivedBytes
        self.networkSentBytes = networkSentBytes
        self.uptimeSeconds = uptimeSeconds
        self.tasks = tasks
    }
}

extension WorkerMetrics {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func count(_ key: CodingKeys) throws -> Int { try container.decode(Int.self, forKey: key) }
        at = try container.decode(Timestamp.self, forKey: .at)
        cores = try count(.cores)
        load = try container.decode(Double.self, forKey: .load)
        cpuSeconds = try container.decode(Double.self, forKey: .cpuSeconds)
        memoryTotalBytes = try count(.memoryTotalBytes)
        memoryAvailableBytes = try count(.memoryAvailableBytes)
        diskTotalBytes = try count(.diskTotalBytes)
        diskAvailableBytes = try count(.diskAvailableBytes)
        diskReadBytes = try count(.diskReadBytes)
        diskWrittenBytes = try count(.diskWrittenBytes)
        networkReceivedBytes = try count(.networkReceivedBytes)
        networkSentBytes = try count(.networkSentBytes)
        uptimeSeconds = try count(.uptimeSeconds)
        tasks = try container.readElements([TaskMetrics].self, forKey: .tasks)
    }
}
