package import CubeTypes
package import SystemPackage

/// What a worker must be told at its start.
package struct WorkerOptions: Sendable {
    package var name: NodeName
    /// The worker's own directory, already locked by the caller.
    package var directory: FilePath
    /// The `cube-supervisor` program.
    package var supervisor: FilePath
    /// What its tasks may reserve in all; default: what the machine has.
    package var capacity: ResourceSpec?
    package var labels: [String: String]
    /// The directories above the worker's own that lead to it and are Cube's, from the data directory on. Tasks that run as
    /// another user pass through them.
    package var passage: [FilePath]
    /// The directory of secrets; default: `secrets` in the worker's own.
    package var secrets: FilePath
    /// Whether a manager was named that it is to join: until it has, it takes no task, as a cluster of its own would lock that
    /// manager out.
    package var isToJoin: Bool

    package init(
        name: NodeName, directory: FilePath, supervisor: FilePath, capacity: ResourceSpec? = nil,
        labels: [String: String] = [:], passage: [FilePath] = [], secrets: FilePath? = nil, isToJoin: Bool = false
    ) {
        self.name = name
        self.directory = directory
        self.supervisor = supervisor
        self.capacity = capacity
        self.labels = labels
        self.passage = passage
        self.secrets = secrets ?? directory.appending("secrets")
        self.isToJoin = isToJoin
    }

    /// The output of a task.
    package func log(of id: TaskID) -> TaskLog {
        TaskLog(directory: WorkerStore(directory: directory.string).logs(of: id))
    }
}
