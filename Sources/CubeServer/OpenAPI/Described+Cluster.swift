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
        Property(
            "prefers_images", \.prefersImages,
            "Whether the policy `spread` prefers nodes that have the image of a task.", isRequired: false),
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
        Property(
            "cordoned", \.cordoned, "Whether it receives no new tasks on request, whatever its state.",
            isRequired: false),
        Property("url", \.url, "URL of its worker."),
        Property("version", \.version, "Version of its worker."),
        Property("runtimes", \.runtimes),
        Property(
            "exclusive_runtimes", \.exclusiveRuntimes, "Runtimes that can run exclusive tasks.", isRequired: false),
        Property("labels", \.labels),
        Property("images", \.images, "Images of the node.", isRequired: false),
        Property("allowances", \.allowances, isRequired: false),
        Property("secrets", \.secrets, "Names of its secrets; absent if they are unknown."),
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

extension VolumeInfo: DescribedObject {
    static let summary = "A named volume: data on one node that outlive the tasks that use them."
    static let properties: [Property<VolumeInfo>] = [
        Property("owner", \.owner),
        Property("name", \.name),
        Property("node", \.node, "The node that has the volume. Only this node runs tasks that use it."),
        Property("state", \.state),
        Property("message", \.message, "Why its node has not removed it yet, while it is being removed."),
        Property("tasks", \.tasks, "The tasks that use it and have not ended, by name and ordinal."),
        Property("created_at", \.createdAt),
        Property("revision", \.revision),
    ]
}

extension VolumeList: DescribedObject {
    static let summary = "All named volumes, by owner and name."
    static let properties: [Property<VolumeList>] = [
        Property("revision", \.revision, "Revision of this response."),
        Property("volumes", \.volumes),
    ]
}

extension WorkerInfo: DescribedObject {
    static let summary = "The description of a worker, which it also sends in its registration."
    static let properties: [Property<WorkerInfo>] = [
        Property("name", \.name),
        Property("version", \.version, "", .characters(TextBounds.word)),
        Property(
            "url", \.url, "URL at which the manager calls it: `http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH`.",
            .characters(TextBounds.address)),
        Property(
            "runtimes", \.runtimes, "Runtimes for tasks, such as `process`.",
            .elements(TextBounds.runtimes).merging([
                "items": .object(["type": "string"].merging(.characters(TextBounds.word)) { $1 })
            ]) { $1 }),
        Property(
            "exclusive_runtimes", \.exclusiveRuntimes, "Runtimes that can run exclusive tasks.", isRequired: false,
            .elements(TextBounds.runtimes).merging([
                "items": .object(["type": "string"].merging(.characters(TextBounds.word)) { $1 })
            ]) { $1 }),
        Property("capacity", \.capacity, "Total resources that its tasks can reserve."),
        Property("labels", \.labels, "", .labels),
        Property("images", \.images, "Images of the node.", isRequired: false),
        Property("allowances", \.allowances, isRequired: false),
        Property(
            "secrets", \.secrets, "Names of the secrets of the node; absent if they are unknown.",
            .elements(TextBounds.secrets).merging([
                "items": .object(["type": "string"].merging(.characters(TextBounds.secretName)) { $1 })
            ]) { $1 }),
        Property("boot_id", \.bootID, "Changes with each start of the machine.", .characters(TextBounds.word)),
        Property("cluster", \.cluster, "The cluster that it has joined; absent before it joins one."),
        Property(
            "incarnation", \.incarnation, "Changes with each start of the worker.", .characters(TextBounds.word)),
    ]
}

extension NodeAllowances: DescribedObject {
    static let summary =
        "What the tasks of a node may have beyond the safe default, by the configuration of its worker."
    static let properties: [Property<NodeAllowances>] = [
        Property(
            "capabilities", \.capabilities, "Capabilities of Linux that containers may have, without `CAP_`.",
            isRequired: false, texts),
        Property(
            "devices", \.devices, "Devices of the node that containers may use, as absolute paths.", isRequired: false,
            texts),
        Property(
            "host_network", \.hostNetwork, "Whether containers may use the network of the node.",
            isRequired: false),
        Property(
            "mounts", \.mounts, "Directories and files of the node that tasks may mount.", isRequired: false,
            .elements(TextBounds.allowances)),
    ]

    private static let texts: [String: CanonicalJSON] = .elements(TextBounds.allowances).merging([
        "items": .object(["type": "string"].merging(.characters(TextBounds.address)) { $1 })
    ]) { $1 }
}

extension AllowedMount: DescribedObject {
    static let summary = "A directory or file of a node that tasks may mount, with everything below it."
    static let properties: [Property<AllowedMount>] = [
        Property("path", \.path, "Absolute path.", .characters(TextBounds.address)),
        Property("read_only", \.readOnly, "Whether tasks may only mount it read-only."),
    ]
}

extension WorkerWelcome: DescribedObject {
    static let summary = "The response to a registration."
    static let properties: [Property<WorkerWelcome>] = [
        Property("cluster", \.cluster),
        Property("term", \.term, "Term of the manager."),
    ]
}
