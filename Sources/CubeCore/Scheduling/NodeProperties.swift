import CubeTypes

/// The lasting properties of a node, whether or not it accepts tasks at the moment.
protocol NodeProperties {
    var runtimes: [String] { get }
    /// The runtimes that can run exclusive tasks.
    var exclusiveRuntimes: [String] { get }
    var labels: [String: String] { get }
    var allowances: NodeAllowances { get }
    /// The names of the secrets of the node; `nil` if they are unknown.
    var secrets: [String]? { get }
    var capacity: ResourceSpec { get }
}

extension Candidate: NodeProperties {}
extension UnavailableNode: NodeProperties {}

extension NodeProperties {
    /// Whether the node has the runtime that a task needs.
    func runs(_ demand: Demand) -> Bool {
        runtimes.contains(demand.runtime) && (!demand.isExclusive || exclusiveRuntimes.contains(demand.runtime))
    }

    /// Whether the node has a secret, as far as is known. If it is unknown, the worker finds out when it starts the task.
    func has(secret name: String) -> Bool { secrets?.contains(name) ?? true }
}
