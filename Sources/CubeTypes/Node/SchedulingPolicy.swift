/// The policy by which the manager chooses among the nodes that can run a task; an open set.
///
/// Each policy is a total order of the nodes; ties are broken by their names. Only reserved resources count, not what tasks use.
///
/// - Since: 0.1
public struct SchedulingPolicy: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The node with the fewest tasks of the same workload, then the node with the most free capacity. The default.
    public static let spread: SchedulingPolicy = "spread"
    /// The fullest node that has room for the task, so that as few nodes as possible are in use.
    public static let binpack: SchedulingPolicy = "binpack"
    /// One node after another, by name.
    public static let roundRobin: SchedulingPolicy = "round_robin"
    /// The node on which the task causes the lowest opportunity cost, so that no resource of any node becomes scarce.
    public static let epvm: SchedulingPolicy = "epvm"

    /// The policies that this version knows.
    package static let all = [spread, binpack, roundRobin, epvm]
}
