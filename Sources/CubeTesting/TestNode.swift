public import CubeTypes

/// A machine of a ``TestCluster``. A string literal makes one with that name.
///
/// - Since: 0.1
public struct TestNode: Hashable, Sendable, ExpressibleByStringLiteral {
    /// Must match the rule of `NodeName`.
    public var name: String
    /// What its tasks may reserve in all. Default: 4 cores, 8 GiB of memory, 100 GiB of disk.
    public var capacity: ResourceSpec
    /// What constraints of tasks look at.
    public var labels: [String: String]

    /// - Parameters:
    ///   - name: unique in its cluster.
    ///   - capacity: what its tasks may reserve in all.
    ///   - labels: what constraints of tasks look at.
    public init(
        _ name: String,
        capacity: ResourceSpec = ResourceSpec(millicores: 4000, memory: 8 << 30, disk: 100 << 30),
        labels: [String: String] = [:]
    ) {
        self.name = name
        self.capacity = capacity
        self.labels = labels
    }

    /// A node with the usual capacity and no label.
    public init(stringLiteral name: String) { self.init(name) }
}
