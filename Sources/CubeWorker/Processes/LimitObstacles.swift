import CubeCore

/// Why some limits of processes cannot be enforced.
package struct LimitObstacles: Codable, Hashable, Sendable {
    /// The reasons, by the name of the limit, such as `limits.memory`.
    package var reasons: [String: String]

    package init(_ reasons: [String: String] = [:]) { self.reasons = reasons }

    init(_ abilities: ControlGroupAbilities) {
        reasons = Dictionary(uniqueKeysWithValues: abilities.obstacles.map { ($0.key.limit, $0.value) })
    }

    /// Finds out which limits a worker could not enforce that this user starts from here. Creates control groups and removes them.
    package static func measured(for directory: String) -> LimitObstacles {
        LimitObstacles(ControlGroups.open(for: directory).abilities)
    }
}
