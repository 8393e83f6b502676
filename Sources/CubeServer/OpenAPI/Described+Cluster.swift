import CubeCore
import CubeJSON
import CubeTypes

extension ClusterStatus: DescribedObject {
    static let summary = "The status of a cluster."
    static let properties: [Property<ClusterStatus>] = [
        Property("cluster", \.cluster),
        Property("version", \.version, "Version of the manager."),
        Property("term", \.term, "Term of the manager."),
        Property("revision", \.revision, "Revision of this status."),
        Property("managers", \.managers, "Advertised addresses of the cluster's managers."),
        Property("policy", \.policy, "Scheduling policy of the manager."),
        Property("tasks", \.tasks, "Number of tasks, by state."),
        Property("nodes", \.nodes, "Number of nodes, by state."),
        Property("owners", \.owners),
        Property("capacity", \.capacity, "Total capacity of the ready nodes."),
        Property("reserved", \.reserved, "Total reservations on the ready nodes."),
    ]
}

extension ClusterMetrics: DescribedObject {
    static let summary = "Metrics of a cluster. Names end with the unit."
    static let properties: [Property<ClusterMetrics>] = [
        Property("revision", \.revision, "Revision of these metrics."),
        Property("term", \.term),
        Property("tasks", \.tasks, "Number of tasks, by state."),
        Property("nodes", \.nodes, "Number of nodes, by state."),
        Property("owners", \.owners, "Number of owners."),
        Property("capacity_millicores", \.capacityMillicores, "Total capacity of the ready nodes."),
        Property("capacity_memory_bytes", \.capacityMemoryBytes),
        Property("capacity_disk_bytes", \.capacityDiskBytes),
        Property("reserved_millicores", \.reservedMillicores, "Total reservations of tasks."),
        Property("reserved_memory_bytes", \.reservedMemoryBytes),
        Property("reserved_disk_bytes", \.reservedDiskBytes),
    ]
}

extension EndpointList: DescribedObject {
    static let summary = "The endpoints of a workload."
    static let properties: [Property<EndpointList>] = [
        Property("revision", \.revision, "Revision of this response."),
        Property(
            "endpoints", \.endpoints, "Endpoints of ready tasks, by owner and ordinal, in the order of their ports."),
    ]
}

extension ServiceEndpoint: DescribedObject {
    static let summary = "A port of a ready task."
    static let properties: [Property<ServiceEndpoint>] = [
        Property("owner", \.owner),
        Property("name", \.name, "Name of the workload."),
        Property("ordinal", \.ordinal),
        Property("task", \.task),
        Property("node", \.node),
        Property("port", \.port, "Name of the port."),
        Property("address", \.address, "`HOST:PORT`."),
        Property("protocol", \.transport),
    ]
}

extension EventList: DescribedObject {
    static let summary = "A range of events, oldest first."
    static let properties: [Property<EventList>] = [
        Property("revision", \.revision, "The value of `since` for the next call."),
        Property("events", \.events),
    ]
}

extension NodeInfo: DescribedObject {
    static let summary = "A node, as known to the manager."
    static let properties: [Property<NodeInfo>] = [
        Property("name", \.name),
        Property("state", \.state),
        Property("url", \.url, "URL of its worker."),
        Property("version", \.version, "Version of its worker."),
        Property("runtimes", \.runtimes),
        Property("labels", \.labels),
        Property("capacity", \.capacity, "Total resources that its tasks can reserve."),
        Property("reserved", \.reserved, "Resources that its tasks reserve, including stopping tasks."),
        Property("tasks", \.tasks, "Number of its tasks that have not ended."),
        Property("last_seen_at", \.lastSeenAt),
        Property("message", \.message, "Why the manager cannot use its worker at present, and what to do."),
        Property("revision", \.revision),
    ]
}

extension NodeList: DescribedObject {
    static let summary = "All nodes, by name."
    static let properties: [Property<NodeList>] = [
        Property("revision", \.revision, "Revision of this response."),
        Property("nodes", \.nodes),
    ]
}

extension WorkerInfo: DescribedObject {
    static let summary = "The description of a worker, which it also sends in its registration."
    static let properties: [Property<WorkerInfo>] = [
        Property("name", \.name),
        Property("version", \.version, "", .characters(TextBounds.word)),
        Property(
            "url", \.url, "URL at which the manager calls it: `http://HOST:PORT` or `unix:PATH`.",
            .characters(TextBounds.address)),
        Property(
            "runtimes", \.runtimes, "Runtimes for tasks, such as `process`.",
            .elements(TextBounds.runtimes).merging([
                "items": .object(["type": "string"].merging(.characters(TextBounds.word)) { $1 })
            ]) { $1 }),
        Property("capacity", \.capacity, "Total resources that its tasks can reserve."),
        Property("labels", \.labels, "", .labels),
        Property("boot_id", \.bootID, "Changes with each start of the machine.", .characters(TextBounds.word)),
        Property("cluster", \.cluster, "The cluster that it has joined; absent before it joins one."),
        Property(
            "incarnation", \.incarnation, "Changes with each start of the worker.", .characters(TextBounds.word)),
    ]
}

extension WorkerWelcome: DescribedObject {
    static let summary = "The response to a registration."
    static let properties: [Property<WorkerWelcome>] = [
        Property("cluster", \.cluster),
        Property("term", \.term, "Term of the manager."),
    ]
}
