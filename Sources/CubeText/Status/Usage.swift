package import CubeTypes

/// What a task uses: its counters as rates, from two measurements of the same run.
package struct TaskUsage: Encodable, Sendable {
    package var owner: OwnerName
    package var name: WorkloadName
    package var ordinal: Int
    package var task: TaskID
    package var node: NodeName
    package var processes: Int
    /// The number of processors that it kept busy; `nil` if there is no earlier measurement of the run. So are the other rates.
    package var cpu: Double?
    package var memoryBytes: Int
    package var memoryLimitBytes: Int?
    package var diskReadBytesPerSecond: Int?
    package var diskWrittenBytesPerSecond: Int?
    package var networkReceivedBytesPerSecond: Int?
    package var networkSentBytesPerSecond: Int?

    enum CodingKeys: String, CodingKey {
        case owner, name, ordinal, task, node, processes, cpu
        case memoryBytes = "memory_bytes"
        case memoryLimitBytes = "memory_limit_bytes"
        case diskReadBytesPerSecond = "disk_read_bytes_per_second"
        case diskWrittenBytesPerSecond = "disk_written_bytes_per_second"
        case networkReceivedBytesPerSecond = "network_received_bytes_per_second"
        case networkSentBytesPerSecond = "network_sent_bytes_per_second"
    }

    init(_ now: TaskMetrics, before: TaskMetrics?, _ interval: MeasuredInterval, on node: NodeName) {
        owner = now.owner
        name = now.name
        ordinal = now.ordinal
        task = now.id
        self.node = node
        processes = now.processes
        memoryBytes = now.memoryBytes
        memoryLimitBytes = now.memoryLimitBytes
        // The counters of another run began at 0.
        guard let before, before.run == now.run else { return }
        cpu = interval.rate(now.cpuSeconds, before.cpuSeconds)
        diskReadBytesPerSecond = interval.rate(now.diskReadBytes, before.diskReadBytes)
        diskWrittenBytesPerSecond = interval.rate(now.diskWrittenBytes, before.diskWrittenBytes)
        networkReceivedBytesPerSecond = interval.rate(now.networkReceivedBytes, before.networkReceivedBytes)
        networkSentBytesPerSecond = interval.rate(now.networkSentBytes, before.networkSentBytes)
    }
}

/// What a machine uses, from two measurements.
package struct NodeUsage: Encodable, Sendable {
    package var node: NodeName
    /// The number of running tasks.
    package var tasks: Int
    package var cores: Int
    /// The number of processors that were busy; `nil` without an earlier measurement. So are the other rates.
    package var cpu: Double?
    package var memoryTotalBytes: Int
    package var memoryUsedBytes: Int
    /// The size of the file system that contains the worker's directory.
    package var diskTotalBytes: Int
    package var diskUsedBytes: Int
    package var diskReadBytesPerSecond: Int?
    package var diskWrittenBytesPerSecond: Int?
    package var networkReceivedBytesPerSecond: Int?
    package var networkSentBytesPerSecond: Int?

    enum CodingKeys: String, CodingKey {
        case node, tasks, cores, cpu
        case memoryTotalBytes = "memory_total_bytes"
        case memoryUsedBytes = "memory_used_bytes"
        case diskTotalBytes = "disk_total_bytes"
        case diskUsedBytes = "disk_used_bytes"
        case diskReadBytesPerSecond = "disk_read_bytes_per_second"
        case diskWrittenBytesPerSecond = "disk_written_bytes_per_second"
        case networkReceivedBytesPerSecond = "network_received_bytes_per_second"
        case networkSentBytesPerSecond = "network_sent_bytes_per_second"
    }

    init(_ now: WorkerMetrics, before: WorkerMetrics?, _ interval: MeasuredInterval, of node: NodeName) {
        self.node = node
        tasks = now.tasks.count
        cores = now.cores
        memoryTotalBytes = now.memoryTotalBytes
        memoryUsedBytes = max(now.memoryTotalBytes &- now.memoryAvailableBytes, 0)
        diskTotalBytes = now.diskTotalBytes
        diskUsedBytes = max(now.diskTotalBytes &- now.diskAvailableBytes, 0)
        guard let before else { return }
        cpu = interval.rate(now.cpuSeconds, before.cpuSeconds)
        diskReadBytesPerSecond = interval.rate(now.diskReadBytes, before.diskReadBytes)
        diskWrittenBytesPerSecond = interval.rate(now.diskWrittenBytes, before.diskWrittenBytes)
        networkReceivedBytesPerSecond = interval.rate(now.networkReceivedBytes, before.networkReceivedBytes)
        networkSentBytesPerSecond = interval.rate(now.networkSentBytes, before.networkSentBytes)
    }
}

/// The time between two measurements of one machine.
struct MeasuredInterval {
    var seconds: Double

    init(from start: Timestamp?, to end: Timestamp) {
        seconds = start.map { (Double(end.milliseconds) - Double($0.milliseconds)) / 1000 } ?? 0
    }

    /// Returns `nil` if the clock of the machine was set back, if the counter began anew, or if the rate is beyond all numbers.
    func rate(_ now: Double, _ before: Double) -> Double? {
        seconds > 0 && now >= before ? (now - before) / seconds : nil
    }

    func rate(_ now: Int?, _ before: Int?) -> Int? {
        guard let now, let before else { return nil }
        return rate(Double(now), Double(before)).flatMap { Int(exactly: $0.rounded(.down)) }
    }
}

/// The measurements of all nodes at one time, with those before.
package struct UsagePicture: Sendable {
    /// The order of the tasks.
    package enum Order: String, CaseIterable, Sendable { case cpu, memory, name }

    package private(set) var tasks: [TaskUsage] = []
    package private(set) var nodes: [NodeUsage] = []

    package init(_ now: [NodeName: WorkerMetrics], before: [NodeName: WorkerMetrics]) {
        for (node, metrics) in now.sorted(by: { $0.key < $1.key }) {
            let earlier = before[node]
            let interval = MeasuredInterval(from: earlier?.at, to: metrics.at)
            let known = Dictionary((earlier?.tasks ?? []).map { ($0.id, $0) }) { first, _ in first }
            nodes.append(NodeUsage(metrics, before: earlier, interval, of: node))
            tasks += metrics.tasks.map { TaskUsage($0, before: known[$0.id], interval, on: node) }
        }
    }

    /// Sorts the tasks, the largest first. Equal ones are in the order of owner, name and ordinal.
    package mutating func sort(by order: Order) {
        tasks.sort { ($0.owner, $0.name, $0.ordinal) < ($1.owner, $1.name, $1.ordinal) }
        let figure: (TaskUsage) -> Double
        switch order {
        case .name: return
        case .cpu: figure = { $0.cpu ?? -1 }
        case .memory: figure = { Double($0.memoryBytes) }
        }
        // The sort of the standard library is stable.
        tasks.sort { figure($0) > figure($1) }
    }

    package mutating func keep(_ isShown: (TaskUsage) -> Bool) { tasks.removeAll { !isShown($0) } }

    /// The tasks as a table. It has a column for the owner only if there are several.
    package var taskTable: Table {
        let showsOwner = Set(tasks.map(\.owner)).count > 1
        return Table(
            headings: ["TASK"] + (showsOwner ? ["OWNER"] : [])
                + ["NODE", "CPU", "MEMORY", "RECEIVED/s", "SENT/s", "READ/s", "WRITTEN/s"],
            rows: tasks.map { task in
                let limit = task.memoryLimitBytes.map { " of \(ByteCount($0))" } ?? ""
                return [Table.Cell("\(task.name)/\(task.ordinal)", .bold)] + (showsOwner ? ["\(task.owner)"] : []) + [
                    "\(task.node)", Self.cell(task.cpu), "\(ByteCount(task.memoryBytes).precise + limit)",
                    Self.cell(task.networkReceivedBytesPerSecond), Self.cell(task.networkSentBytesPerSecond),
                    Self.cell(task.diskReadBytesPerSecond), Self.cell(task.diskWrittenBytesPerSecond),
                ]
            })
    }

    /// The nodes as a table.
    package var nodeTable: Table {
        Table(
            "NODE", "TASKS", "CPU", "MEMORY", "RECEIVED/s", "SENT/s", "READ/s", "WRITTEN/s",
            rows: nodes.map { node in
                [
                    Table.Cell(node.node.rawValue, .bold), "\(node.tasks)",
                    Self.cell(node.cpu, of: node.cores),
                    "\(ByteCount(node.memoryUsedBytes).precise + " of \(ByteCount(node.memoryTotalBytes))")",
                    Self.cell(node.networkReceivedBytesPerSecond), Self.cell(node.networkSentBytesPerSecond),
                    Self.cell(node.diskReadBytesPerSecond), Self.cell(node.diskWrittenBytesPerSecond),
                ]
            })
    }

    private static func cell(_ bytes: Int?) -> Table.Cell { bytes.map { "\(ByteCount($0).precise)" } ?? "-" }

    private static func cell(_ cpu: Double?, of cores: Int? = nil) -> Table.Cell {
        guard let cpu = cpu.flatMap(CoreCount.init) else { return "-" }
        return "\(cpu.precise + (cores.map { " of \($0)" } ?? ""))"
    }
}
