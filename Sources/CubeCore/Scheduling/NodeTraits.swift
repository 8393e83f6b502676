package import CubeTypes

/// What a node is, whether or not it accepts tasks at the moment, and whatever runs on it.
package struct NodeTraits: Hashable, Sendable {
    package var name: NodeName
    package var runtimes: [String]
    /// The runtimes that can run exclusive tasks.
    package var exclusiveRuntimes: [String]
    package var labels: [String: String]
    package var allowances: NodeAllowances
    /// The names of the secrets of the node; `nil` if they are unknown.
    package var secrets: [String]?
    package var images: ImageSet
    package var capacity: ResourceSpec

    package init(
        name: NodeName, runtimes: [String], exclusiveRuntimes: [String] = [], labels: [String: String] = [:],
        allowances: NodeAllowances = .none, secrets: [String]? = nil, images: ImageSet = ImageSet(),
        capacity: ResourceSpec
    ) {
        self.name = name
        self.runtimes = runtimes
        self.exclusiveRuntimes = exclusiveRuntimes
        self.labels = labels
        self.allowances = allowances
        self.secrets = secrets
        self.images = images
        self.capacity = capacity
    }

    package init(_ worker: WorkerInfo) {
        self.init(
            name: worker.name, runtimes: worker.runtimes, exclusiveRuntimes: worker.exclusiveRuntimes,
            labels: worker.labels, allowances: worker.allowances, secrets: worker.secrets, images: worker.images,
            capacity: worker.capacity)
    }

    package init(_ node: NodeInfo) {
        self.init(
            name: node.name, runtimes: node.runtimes, exclusiveRuntimes: node.exclusiveRuntimes, labels: node.labels,
            allowances: node.allowances, secrets: node.secrets, images: node.images, capacity: node.capacity)
    }

    /// Whether the node has the runtime that a task needs.
    func runs(_ demand: Demand) -> Bool {
        runtimes.contains(demand.runtime) && (!demand.isExclusive || exclusiveRuntimes.contains(demand.runtime))
    }

    /// Whether the node has a secret, as far as is known. If it is unknown, the worker finds out when it starts the task.
    func has(secret name: String) -> Bool { secrets?.contains(name) ?? true }
}
