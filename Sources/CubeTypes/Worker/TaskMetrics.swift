/// The metrics of a running task, summed over all its processes. Counters begin at 0 with each run.
///
/// - Since: 0.1
public struct TaskMetrics: Codable, Hashable, Sendable {
    /// The id of the task.
    public var id: TaskID
    /// The owner of the task.
    public var owner: OwnerName
    /// The name of the task's workload.
    public var name: WorkloadName
    /// The ordinal of the task among the replicas of its workload.
    public var ordinal: Int
    /// The number of the run that the counters describe.
    public var run: Int
    /// The current number of processes.
    public var processes: Int
    /// The processor time used, in seconds.
    public var cpuSeconds: Double
    /// The memory in use, in bytes. For a process it is the resident memory of its processes, for a container the memory that the
    /// kernel charges to it, without the part of the file cache that it can take back at once.
    public var memoryBytes: Int
    /// The memory that the task may use, in bytes; `nil` if no limit is enforced.
    public var memoryLimitBytes: Int?
    /// The bytes read from disks; `nil` if they are not known.
    public var diskReadBytes: Int?
    /// The bytes written to disks; `nil` if they are not known.
    public var diskWrittenBytes: Int?
    /// The bytes received on the network; `nil` for a task that shares the network of its node.
    public var networkReceivedBytes: Int?
    /// The bytes sent on the network; `nil` for a task that shares the network of its node.
    public var networkSentBytes: Int?

    enum CodingKeys: String, CodingKey {
        case id, owner, name, ordinal, run, processes
        case cpuSeconds = "cpu_seconds"
        case memoryBytes = "memory_bytes"
        case memoryLimitBytes = "memory_limit_bytes"
        case diskReadBytes = "disk_read_bytes"
        case diskWrittenBytes = "disk_written_bytes"
        case networkReceivedBytes = "network_received_bytes"
        case networkSentBytes = "network_sent_bytes"
    }

    public init(
        id: TaskID, owner: OwnerName, name: WorkloadName, ordinal: Int, run: Int, processes: Int, cpuSeconds: Double,
        memoryBytes: Int, memoryLimitBytes: Int? = nil, diskReadBytes: Int? = nil, diskWrittenBytes: Int? = nil,
        networkReceivedBytes: Int? = nil, networkSentBytes: Int? = nil
    ) {
        self.id = id
        self.owner = owner
        self.name = name
        self.ordinal = ordinal
        self.run = run
        self.processes = processes
        self.cpuSeconds = cpuSeconds
        self.memoryBytes = memoryBytes
        self.memoryLimitBytes = memoryLimitBytes
        self.diskReadBytes = diskReadBytes
        self.diskWrittenBytes = diskWrittenBytes
        self.networkReceivedBytes = networkReceivedBytes
        self.networkSentBytes = networkSentBytes
    }
}
