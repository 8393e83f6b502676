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
    /// The directory of secrets; default: `secrets` in the worker's own.
    package var secrets: FilePath

    package init(
        name: NodeName, directory: FilePath, supervisor: FilePath, capacity: ResourceSpec? = nil,
        labels: [String: String] = [:], secrets: FilePath? = nil
    ) {
        self.name = name
        self.directory = directory
        self.supervisor = supervisor
        self.capacity = capacity
        self.labels = labels
        self.secrets = secrets ?? directory.appending("secrets")
    }

    /// The output of a task.
    package func log(of id: TaskID) -> TaskLog {
        TaskLog(directory: WorkerStore(directory: directory.string).logs(of: id))
    }
}
