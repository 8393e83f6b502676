package import CubeTypes

/// A node that takes tasks, as scheduling sees it.
package struct Candidate: Hashable, Sendable {
    package var name: NodeName
    package var runtimes: [String]
    package var labels: [String: String]
    package var capacity: ResourceSpec
    /// By all tasks that hold a place, those that are stopping included.
    package var reserved: ResourceSpec
    /// How many tasks hold a place.
    package var tasks: Int
    /// How many of them are of the workload to be placed.
    package var siblings: Int

    package init(
        name: NodeName, runtimes: [String], labels: [String: String], capacity: ResourceSpec, reserved: ResourceSpec,
        tasks: Int, siblings: Int
    ) {
        self.name = name
        self.runtimes = runtimes
        self.labels = labels
        self.capacity = capacity
        self.reserved = reserved
        self.tasks = tasks
        self.siblings = siblings
    }

    /// What is not reserved.
    var free: ResourceSpec { capacity - reserved }
}
