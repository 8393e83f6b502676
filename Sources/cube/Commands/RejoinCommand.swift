import ArgumentParser
import CubeCore
import CubeReconciler
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
        let name = try name ?? Self.onlyWorker(of: data)
        guard data.workers.contains(name) else {
            throw Failure("no worker \(name) has been on \(data.path)", hint: "--name and --data-dir name another one")
        }
        let directory = data.worker(name)
        let lock = try DirectoryLock.take(directory, for: "cube worker rejoin")
        defer { withExtendedLifetime(lock) {} }
        try await LeftTasks(data.supervisors.filter { $0.worker.resolvingLinks == directory.resolvingLinks })
            .end(onlyIf: endTasks, within: timeout)
        guard let cluster = try WorkerDirectory(directory).cluster() else {
            Terminal.output("Worker \(name) belongs to no cluster.")
            return
        }
        try forgetSource(data, cluster)
        let kept = try WorkerDirectory(directory).forgetCluster()
        Terminal.output("Worker \(name) has forgotten cluster \(cluster).")
        if let kept { Terminal.note("The records and the output of its tasks are in \(kept).") }
    }

    private static func onlyWorker(of data: DataDirectory) throws -> NodeName {
        guard let first = data.workers.first else {
            throw Failure("no worker has been on \(data.path)", hint: "--data-dir names another directory")
        }
        guard data.workers.count == 1 else {
            throw Failure(
                "several workers have been on \(data.path): \(data.workers.map(\.rawValue).joined(separator: ", "))",
                hint: "--name says which one")
        }
        return first
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

/// Tasks that run without a manager that could end them.
struct LeftTasks {
    let supervisors: [SupervisorProcess]

    init(_ supervisors: [SupervisorProcess]) { self.supervisors = supervisors }

    /// A line for each of them.
    var lines: [String] {
        supervisors.map { supervisor in
            let task = supervisor.task.map { "task \($0)" } ?? "a task"
            return "  \(task), process \(supervisor.process), of \(supervisor.worker)"
                + (supervisor.isOrphan ? ", whose directory is gone" : "")
        }
    }

    /// Ends them and waits until they have ended.
    ///
    /// - Parameter allowed: whether it was said that they are to be ended.
    /// - Throws: where it was not, and where they do not end in time.
    func end(onlyIf allowed: Bool, within timeout: Duration) async throws {
        guard !supervisors.isEmpty else { return }
        guard allowed else {
            throw Failure(
                "\(supervisors.count == 1 ? "1 task of it still runs" : "\(supervisors.count) tasks of it still run"):\n"
                    + lines.joined(separator: "\n"), hint: "--end-tasks ends them")
        }
        for supervisor in supervisors { try supervisor.askToEnd() }
        let deadline = ContinuousClock.now + timeout
        while !Set(supervisors.map(\.process)).isDisjoint(with: SupervisorProcess.all().map(\.process)) {
            guard ContinuousClock.now < deadline else {
                throw Failure("waited \(timeout.text) in vain until the tasks end")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
