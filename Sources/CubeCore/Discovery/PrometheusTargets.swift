import CubeTypes

/// A group of targets in the format of Prometheus's HTTP service discovery: addresses to scrape, and labels for relabelling.
///
/// Prometheus drops labels that begin with `__meta_` after relabelling.
package struct PrometheusTargets: Codable, Hashable, Sendable {
    /// Addresses, as `HOST:PORT`.
    package var targets: [String]
    package var labels: [String: String]

    /// Returns a group for each selected TCP port of a ready task on a node that answers.
    package static func groups(in state: ClusterState, _ selection: EndpointSelection) -> [PrometheusTargets] {
        state.live(in: selection).filter { $0.ready && !$0.nodeUnknown }.flatMap { task in
            task.endpoints.filter { $0.transport == .tcp && selection.contains(port: $0.name) }
                .map { PrometheusTargets($0, of: task, in: state) }
        }
    }

    private init(_ endpoint: TaskEndpoint, of task: TaskStatus, in state: ClusterState) {
        targets = [endpoint.address]
        labels = [
            "cluster": state.cluster.rawValue, "owner": task.owner.rawValue, "name": task.name.rawValue,
            "ordinal": "\(task.ordinal)", "task_id": task.id.rawValue, "node": task.node?.rawValue ?? "",
            "port": endpoint.name,
        ]
        for (name, value) in task.definition.labels.sorted(by: { $0.key < $1.key }) {
            let label = "label_" + String(String.UnicodeScalarView(name.unicodeScalars.map(Self.allowed)))
            // Different names can become the same label. The first one counts, so that the label does not change by chance.
            if labels[label] == nil { labels[label] = value }
        }
        labels = Dictionary(uniqueKeysWithValues: labels.map { ("__meta_cube_\($0.key)", $0.value) })
    }

    /// The character of a label's name for a character of the original name, as in the other service discoveries of Prometheus.
    private static func allowed(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": scalar
        default: "_"
        }
    }
}
