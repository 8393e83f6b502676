package import CubeTypes

/// The domains over which a workload spreads: the groups of nodes with the same value of a label, each with the number of the
/// workload's placed tasks.
package struct SpreadDomains: Sendable {
    private let label: String
    private var siblings: [String: Int] = [:]

    /// - Returns: `nil` if the constraints name no label to spread over.
    package init?(_ constraints: PlacementConstraints) {
        guard let label = constraints.spread else { return nil }
        self.label = label
    }

    /// Counts placed tasks of the workload on a node. Nodes that accept no tasks count too, because their tasks still run.
    package mutating func count(_ tasks: Int, onNodeWith labels: [String: String]) {
        guard tasks > 0, let domain = labels[label] else { return }
        siblings[domain, default: 0] += tasks
    }

    /// Returns the number of the workload's placed tasks in the domain of a node. A node without the label belongs to no domain,
    /// and ranks behind every other: nobody knows which nodes would fail together with it.
    package func siblings(ofNodeWith labels: [String: String]) -> Int {
        labels[label].map { siblings[$0] ?? 0 } ?? .max
    }
}
