import ArgumentParser
import CubeCore
import CubeReconciler
import CubeText
import CubeTypes
import CubeWorker
import Logging
import SystemPackage

struct RejoinCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "rejoin", abstract: "Have a worker forget its cluster, to join the next one that it meets.",
        discussion: .flowing(
            """
            A worker refuses to work with another cluster than its own, such as after the store of its manager was lost. This
            has it, and the reconciler of the data directory, forget that cluster. The worker must not run, and neither may a
            task of it. The records and the output of its tasks are moved aside and stay readable.

            Exit codes: 0 the cluster is forgotten, 1 an error.
            """))

    @Option(help: "Which worker. (default: the one of the data directory)", transform: NodeName.parse)
    var name: NodeName?
    @Flag(help: "End the tasks of the worker that still run, each with its own grace time.")
    var endTasks = false
    @Option(
        help: ArgumentHelp("How long to wait for the tasks to end.", valueName: "duration"), transform: Duration.parse)
    var timeout: Duration = .seconds(120)
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let data = place.data
        let name = try data.worker(named: name)
        let directory = data.worker(name)
        let lock = try DirectoryLock.take(directory, for: "cube worker rejoin")
        defer { withExtendedLifetime(lock) {} }
        let left = LeftTasks(data.supervisors.filter { $0.worker.resolvingLinks == directory.resolvingLinks })
        guard left.supervisors.isEmpty || endTasks else {
            throw Failure(
                "worker \(name) has " + Count(left.supervisors.count, "task").verb("that runs", "that run") + ":\n"
                    + left.lines.joined(separator: "\n"), hint: "--end-tasks ends them")
        }
        try await left.end(within: timeout)
        guard let cluster = try WorkerDirectory(directory).cluster() else {
            Terminal.output("Worker \(name) belongs to no cluster.")
            return
        }
        try forgetSource(data, cluster)
        let kept = try WorkerDirectory(directory).forgetCluster()
        Terminal.output("Worker \(name) has forgotten cluster \(cluster).")
        if let kept { Terminal.note("The records and the output of its tasks are in \(kept).") }
    }

    /// The reconciler of a data directory leaves other clusters than the first one alone too.
    private func forgetSource(_ data: DataDirectory, _ cluster: ClusterID) throws {
        let memory = ReconcilerMemory(directory: data.path, files: LocalFileSystem(), logger: CommandLog.quiet)
        guard var identity = memory.knownIdentity, identity.cluster == cluster else { return }
        let lock = try DirectoryLock.take(data.reconciler, for: "cube worker rejoin")
        defer { withExtendedLifetime(lock) {} }
        identity.cluster = nil
        try memory.save(identity)
    }
}
