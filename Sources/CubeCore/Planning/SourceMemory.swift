package import CubeTypes

/// What is remembered of a source between runs: without it, a file that cannot be read would say nothing.
///
/// It can be deleted at any time. Then it is rebuilt, as well as may be, from the sources that live tasks bear.
package struct SourceMemory: Codable, Hashable, Sendable {
    /// The directory whose names these are.
    package var root: RootIdentity?
    /// The names that each file last defined, sorted; by path.
    package var files: [String: [WorkloadName]]
    /// The names that this source itself defined and that are not known to be gone.
    package var names: [WorkloadName: NameMemory]

    package init(
        root: RootIdentity? = nil, files: [String: [WorkloadName]] = [:], names: [WorkloadName: NameMemory] = [:]
    ) {
        self.root = root
        self.files = files
        self.names = names
    }
}

/// What is remembered of a name.
package struct NameMemory: Codable, Hashable, Sendable {
    /// Whether its tasks are stopped when its manifest goes.
    package var prune: Bool
    /// The revision of the cluster at which it came: what had failed before may be tried again. `nil` until it is known.
    package var since: Int?
    /// What it depends on, sorted; `nil` where that is nothing.
    package var dependsOn: [WorkloadName]?

    enum CodingKeys: String, CodingKey {
        case prune, since
        case dependsOn = "depends_on"
    }

    package init(prune: Bool, since: Int? = nil, dependsOn: [WorkloadName]? = nil) {
        self.prune = prune
        self.since = since
        self.dependsOn = dependsOn
    }
}
