package import CubeCore
package import CubeTypes
package import SystemPackage

/// The settings with which a worker is started.
package struct WorkerOptions: Sendable {
    package var name: NodeName
    /// The worker's own directory, already locked by the caller.
    package var directory: FilePath
    /// The `cube-supervisor` program.
    package var supervisor: FilePath
    /// The resources that tasks may reserve in total; defaults to the machine's resources.
    package var capacity: ResourceSpec?
    package var labels: [String: String]
    /// The directories that lead to the worker's own and belong to Cube, from the data directory down. Tasks that run
    /// as another user pass through them.
    package var passage: [FilePath]
    /// The directory of secrets; defaults to `secrets` in the worker's directory.
    package var secrets: FilePath
    /// Whether the worker was configured to join a manager. Until it has joined, it accepts no task on its own:
    /// founding its own cluster would lock that manager out.
    package var isToJoin: Bool
    /// The kinds of tasks that the worker runs.
    package var runtimes: Set<RuntimeKind>
    /// What tasks may have beyond the safe default.
    package var allowances: NodeAllowances
    /// The Unix socket of the container engine; defaults to the socket used before, then to the usual ones.
    package var engineSocket: FilePath?
    /// Writes a command of Cube in a message, so that a person can type it as it is on the machine of the worker.
    package var command: @Sendable (_ words: String) -> String

    /// Writes a command without options.
    package static let plainCommand: @Sendable (_ words: String) -> String = { "`cube \($0)`" }

    package init(
        name: NodeName, directory: FilePath, supervisor: FilePath, capacity: ResourceSpec? = nil,
        labels: [String: String] = [:], passage: [FilePath] = [], secrets: FilePath? = nil, isToJoin: Bool = false,
        runtimes: Set<RuntimeKind> = [.process], engineSocket: FilePath? = nil,
        allowances: NodeAllowances = .none,
        command: @escaping @Sendable (_ words: String) -> String = WorkerOptions.plainCommand
    ) {
        self.runtimes = runtimes
        self.command = command
        self.engineSocket = engineSocket
        self.allowances = allowances
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
