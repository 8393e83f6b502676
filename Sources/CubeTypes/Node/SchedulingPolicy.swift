/// How the manager picks among the nodes that could run a task; an open set.
///
/// - Since: 0.1
public struct SchedulingPolicy: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The node with the fewest tasks of the same workload, then the one with the most room. The default.
    public static let spread: SchedulingPolicy = "spread"
    /// One node after the other, by name.
    public static let roundRobin: SchedulingPolicy = "round_robin"
}
