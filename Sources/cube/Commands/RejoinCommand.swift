import ArgumentParser
import CubeCertificates
import CubeCore
import CubeReconciler
import CubeSystem
import CubeText
import CubeTypes
import CubeWorker
import Logging
import SystemPackage

struct RejoinCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "rejoin", abstract: "Make a worker forget its cluster, so that it can join another one.",
        discussion: .flowing(
            """
            A worker refuses to work with a cluster other than its own, for example after the store of its manager was
            lost. This command makes the worker, and the reconciler of the data directory, forget the cluster. Neither
            the worker nor any of its tasks may be running. The records and the output of its tasks are moved aside and
            stay readable. Named volumes keep their data, and the next cluster gets to know them.

            Exit codes: 0 the cluster is forgotten, 1 error.
            """))

    @Option(help: "Name of the worker. (default: the only worker in the data directory)", transform: NodeName.parse)
    var name: NodeName?
    @Flag(help: "End the tasks of the worker that are still running, each with its own grace period.")
    var endTasks = false
    @Option(
        help: ArgumentHelp("How long to wait for the tasks to end. (default: 2m)", valueName: "duration"),
        transform: Duration.parse)
    var timeout: Duration = .seconds(120)
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let data = place.data
        let name = try data.worker(named: name)
        let (directory, records) = (data.worker(name), data.records(of: name))
        let lock = try DirectoryLock.take(directory, for: "cube worker rejoin")
        defer { withExtendedLifetime(lock) {} }
        let real = directory.resolvingLinks
        let left = OrphanTasks(data.supervisors.filter { $0.worker == real }.map(\.process))
        guard left.supervisors.isEmpty || endTasks else {
            throw Failure(
                "worker \(name) has "
                    + Count(left.supervisors.count, "task").verb("that is running", "that are running") + ":\n"
                    + left.lines.joined(separator: "\n"), hint: "--end-tasks ends them")
        }
        if let containers = try WorkerContainers.find(
            of: name, in: directory, records: records, socket: RuntimeOptions.socket)
        {
            let running = try await containers.running()
            guard running.isEmpty || endTasks else {
                throw Failure(
                    "worker \(name) has \(Count(running.count, "container").verb("that is running", "that are running")):\n"
                        + running.joined(separator: "\n"), hint: "--end-tasks ends them")
            }
            if endTasks { try await containers.end() }
        }
        try await left.end(within: timeout)
        guard let cluster = try records.cluster() else {
            try forgetIdentity(of: name, data)
            Terminal.output("Worker \(name) belongs to no cluster.")
            return
        }
        try forgetSource(data, cluster)
        let kept = try records.forgetCluster()
        try forgetIdentity(of: name, data)
        Terminal.output("Worker \(name) has forgotten cluster \(cluster).")
        if let kept { Terminal.note("The records and the output of its tasks are in \(kept).") }
    }

    /// Removes the key and the certificate of the worker.
    private func forgetIdentity(of name: NodeName, _ data: DataDirectory) throws {
        do throws(FileError) { try data.identity(of: name).remove() } catch {
            throw FileProblem(doing: "remove the certificate", error)
        }
    }

    /// Makes the reconciler of the data directory forget the cluster too. It would refuse to work with any other.
    private func forgetSource(_ data: DataDirectory, _ cluster: ClusterID) throws {
        let memory = ReconcilerMemory(directory: data.path, files: LocalFileSystem(), logger: CommandLog.quiet)
        guard var identity = memory.knownIdentity, identity.cluster == cluster else { return }
        let lock = try DirectoryLock.take(data.reconciler, for: "cube worker rejoin")
        defer { withExtendedLifetime(lock) {} }
        identity.cluster = nil
        try memory.save(identity)
    }
}
