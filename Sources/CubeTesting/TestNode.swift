public import CubeTypes

/// A node of a ``TestCluster``. A string literal is a node with that name.
///
/// - Since: 0.1
public struct TestNode: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The name of the node, which must follow the rule of `NodeName`.
    public var name: String
    /// The total resources that tasks may reserve. Default: 4 cores, 8 GiB of memory, 100 GiB of disk.
    public var capacity: ResourceSpec
    /// The labels by which placement constraints select the node.
    public var labels: [String: String]

    /// - Parameters:
    ///   - name: the name of the node, unique in its cluster.
    ///   - capacity: the total resources that tasks may reserve.
    ///   - labels: the labels by which placement constraints select the node.
    public init(
        _ name: String,
        capacity: ResourceSpec = ResourceSpec(millicores: 4000, memory: 8 << 30, disk: 100 << 30),
        labels: [String: String] = [:]
    ) {
        self.name = name
        self.capacity = capacity
        self.labels = labels
    }

    /// Creates a node with the default capacity and no labels.
    public init(stringLiteral name: String) { self.init(name) }
}
