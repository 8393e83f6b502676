import CubeErrors

/// Constraints on the nodes on which a task may run.
///
/// - Since: 0.1
public struct PlacementConstraints: Hashable, Sendable {
    /// Labels that the node must have.
    public var labels: [String: String]
    /// Labels that the node must not have with the given value.
    public var not: [String: String]
    /// The node label over whose values the tasks of the workload are spread evenly; `nil` if they are not spread over a label.
    ///
    /// This is a preference: it never keeps a task pending.
    public var spread: String?

    public init(labels: [String: String] = [:], not: [String: String] = [:], spread: String? = nil) {
        self.labels = labels
        self.not = not
        self.spread = spread
    }

    /// No constraint.
    public static let none = PlacementConstraints()
}

extension PlacementConstraints: Codable {
    enum CodingKeys: String, CodingKey { case labels, not, spread }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            labels: try container.readMembersIfPresent([String: String].self, forKey: .labels) ?? [:],
            not: try container.readMembersIfPresent([String: String].self, forKey: .not) ?? [:],
            spread: try container.readIfPresent(String.self, forKey: .spread))
    }
}
