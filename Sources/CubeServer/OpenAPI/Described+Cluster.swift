import CubeTypes

extension ClusterStatus: DescribedObject {
    static let summary = "How a cluster is."
    static let properties: [Property<ClusterStatus>] = [
        Property("cluster", \.cluster),
        Property("version", \.version, "Of the manager."),
        Property("term", \.term, "The manager's incarnation."),
        Property("revision", \.revision, "At which it is true."),
        Property("managers", \.managers, "Where managers of the cluster say that others reach them."),
        Property("policy", \.policy, "How the manager picks among nodes."),
        Property("tasks", \.tasks, "How many there are, by state.", isRequired: false),
        Property("nodes", \.nodes, "How many there are, by state.", isRequired: false),
        Property("owners", \.owners),
        Property("capacity", \.capacity, "What all ready nodes have."),
        Property("reserved", \.reserved, "What is reserved on them."),
    ]
}

extension ClusterMetrics: DescribedObject {
    static let summary = "Figures of a cluster; units end the names."
    static let properties: [Property<ClusterMetrics>] = [
        Property("revision", \.revision, "At which they are true."),
        Property("term", \.term),
        Property("tasks", \.tasks, "How many there are, by state.", isRequired: false),
        Property("nodes", \.nodes, "How many there are, by state.", isRequired: false),
        Property("owners", \.owners, "How many there are."),
        Property("capacity_millicores", \.capacityMillicores, "Of all ready nodes."),
        Property("capacity_memory_bytes", \.capacityMemoryBytes),
        Property("capacity_disk_bytes", \.capacityDiskBytes),
        Property("reserved_millicores", \.reservedMillicores, "What tasks reserve of it."),
        Property("reserved_memory_bytes", \.reservedMemoryBytes),
        Property("reserved_disk_bytes", \.reservedDiskBytes),
    ]
}

extension EndpointList: DescribedObject {
    static let summary = "Where a workload is served."
    static let properties: [Property<EndpointList>] = [
        Property("revision", \.revision, "At which it is true."),
        Property("endpoints", \.endpoints, "Of ready tasks, by owner and ordinal, in the order of their ports."),
    ]
}

extension ServiceEndpoint: DescribedObject {
    static let summary = "One port of one ready task."
    static let properties: [Property<ServiceEndpoint>] = [
        Property("owner", \.owner),
        Property("name", \.name, "The workload."),
        Property("ordinal", \.ordinal),
        Property("task", \.task),
        Property("node", \.node),
        Property("port", \.port, "The port's name."),
        Property("address", \.address, "`HOST:PORT`."),
        Property("protocol", \.transport),
    ]
}

extension EventList: DescribedObject {
    static let summary = "A stretch of the history, oldest first."
    static let properties: [Property<EventList>] = [
        Property("revision", \.revision, "What to ask `since` next."),
        Property("events", \.events),
    ]
}

extension NodeInfo: DescribedObject {
    static let summary = "A node, as the manager sees it."
    static let properties: [Property<NodeInfo>] = [
        Property("name", \.name),
        Property("state", \.state),
        Property("url", \.url, "Where the manager calls its worker."),
        Property("version", \.version, "Of the worker."),
        Property("runtimes", \.runtimes),
        Property("labels", \.labels),
        Property("capacity", \.capacity, "What its tasks may reserve in all."),
        Property("reserved", \.reserved, "What they reserve, those that are stopping included."),
        Property("tasks", \.tasks, "How many it has that have not ended."),
        Property("last_seen_at", \.lastSeenAt),
        Property("message", \.message, "Why the manager cannot work with its worker now, and what to do."),
        Property("revision", \.revision),
    ]
}

extension NodeList: DescribedObject {
    static let summary = "All nodes, by name."
    static let properties: [Property<NodeList>] = [
        Property("revision", \.revision, "At which it is true."),
        Property("nodes", \.nodes),
    ]
}

extension WorkerInfo: DescribedObject {
    static let summary = "What a worker is, and what it registers with."
    static let properties: [Property<WorkerInfo>] = [
        Property("name", \.name),
        Property("version", \.version),
        Property("url", \.url, "Where the manager calls it: `http://HOST:PORT` or `unix:PATH`."),
        Property("runtimes", \.runtimes, "What it runs tasks with, such as `process`."),
        Property("capacity", \.capacity, "What its tasks may reserve in all."),
        Property("labels", \.labels),
        Property("boot_id", \.bootID, "Changes with each start of the machine."),
        Property("cluster", \.cluster, "To which it belongs, once it has joined one."),
        Property("incarnation", \.incarnation, "Changes with each start of the worker."),
    ]
}

extension WorkerWelcome: DescribedObject {
    static let summary = "The answer to a registration."
    static let properties: [Property<WorkerWelcome>] = [
        Property("cluster", \.cluster),
        Property("term", \.term, "The manager's incarnation."),
    ]
}
