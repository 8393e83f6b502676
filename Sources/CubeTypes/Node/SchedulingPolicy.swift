/// The policy by which the manager chooses among the nodes that can run a task; an open set.
///
/// - Since: 0.1
public struct SchedulingPolicy: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The node with the fewest tasks of the same workload, then the node with the most free capacity. The default.
    public static let spread: SchedulingPolicy = "spread"
    /// One node after another, by name.
    public static let roundRobin: SchedulingPolicy = "round_robin"
}
