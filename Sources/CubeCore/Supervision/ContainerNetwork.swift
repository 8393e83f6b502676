package import CubeTypes

/// A network that Cube creates on an engine for the containers of one owner that join it.
package struct ContainerNetwork: Hashable, Sendable {
    /// The name of the network on the engine: readable first, then unique, as several workers may share an engine.
    package var name: String
    /// The labels by which a worker recognises its own networks.
    package var labels: [String: String]

    package init(_ network: NetworkName, of assignment: TaskAssignment, on worker: NodeName) {
        let (cluster, owner) = (assignment.cluster, assignment.owner)
        let hash = FNV1a.hash("\(cluster)/\(worker)/\(owner)/\(network)".utf8)
        name = "cube-\(owner)-\(network)-" + String(hash | 1 << 63, radix: 16)
        labels = [
            ContainerSpec.Label.cluster: cluster.rawValue, ContainerSpec.Label.worker: worker.rawValue,
            ContainerSpec.Label.owner: owner.rawValue, ContainerSpec.Label.network: network.rawValue,
        ]
    }

    /// Whether a network of this name with other labels belongs to someone else.
    package func isForeign(_ labels: [String: String]?) -> Bool {
        let worker = ContainerSpec.Label.worker
        return labels?[worker] != self.labels[worker]
    }
}

extension ContainerSpec {
    /// The network of a container.
    package enum Network: Hashable, Sendable {
        /// The standard network of the engine.
        case standard
        /// The given networks, in which the container has the given names.
        case joined([ContainerNetwork], aliases: [String])
        /// The network of the node.
        case host
        /// The network of another container, by its name.
        case shared(container: String)
    }
}

extension ContainerSpec.Network {
    /// - Parameter holder: the run whose network the container uses, if its definition names one.
    init(of assignment: TaskAssignment, on worker: NodeName, holder: RunIdentity?) {
        let definition = assignment.definition
        if let holder {
            self = .shared(container: ContainerSpec.name(of: holder))
        } else if definition.network.mode == .host {
            self = .host
        } else if definition.network.join.isEmpty {
            self = .standard
        } else {
            self = .joined(
                definition.network.join.map { ContainerNetwork($0, of: assignment, on: worker) },
                aliases: [definition.name.rawValue, "\(definition.name)-\(assignment.ordinal)"])
        }
    }
}
