package import CubeTypes

/// The differences of a workload from its manifest: the content of `drift/NAME.json`. The file exists only while there are
/// differences.
package struct DriftReport: Codable, Hashable, Sendable {
    package var name: WorkloadName
    package var since: Timestamp
    /// The differences, sorted by field.
    package var differences: [Difference]
    /// The actions, in the order of execution.
    package var actions: [ReportedAction]
    /// The guards and other reasons that hold actions, sorted.
    package var heldBy: [String]

    enum CodingKeys: String, CodingKey {
        case name, since, differences, actions
        case heldBy = "held_by"
    }

    package init(
        name: WorkloadName, since: Timestamp, differences: [Difference], actions: [ReportedAction], heldBy: [String]
    ) {
        self.name = name
        self.since = since
        self.differences = differences
        self.actions = actions
        self.heldBy = heldBy
    }
}
