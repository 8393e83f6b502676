import ArgumentParser
import CubeCore
import CubeErrors
import CubeManager
import CubeManagerClient
import CubeOrchestratorClient
import CubeText
import CubeTypes
import CubeWorker
import Glibc
import Logging
import ServiceLifecycle
import SystemPackage

struct DownCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Stop all tasks of the owner, and `cube up` if it runs.",
        discussion: .flowing(
            """
            Ends `cube up` where it runs on the data directory, then stops the tasks that it left and waits until they ended.
            Manifests stay as they are: the next `cube up` starts everything anew, except jobs that completed, and what failed,
            which `cube retry NAME` tries again.

            With --manager it stops the owner's tasks at that manager, and leaves a `cube up` with another manager alone. It
            refuses while a reconciler of the owner is at work there, which would start the tasks again: end that one first.

            With --orphans it also stops tasks that were started below the data directory and that no manager knows: their
            directory is gone, or the manager's store. It lists them first, and asks on a terminal; scripts pass --yes.

            Exit codes: 0 nothing of the owner runs any more, 1 something does, or an error.
            """))

    @Flag(help: "Also stop tasks of this data directory that no manager knows.")
    var orphans = false
    @Flag(help: "Stop them without a question.")
    var yes = false
    @Option(
        help: ArgumentHelp("How long to wait for the tasks to end.", valueName: "duration"),
        transform: Duration.parse)
    var timeout: Duration = .seconds(120)
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions

    func validate() throws {
        guard yes, !orphans else { return }
        throw ArgumentParser.ValidationError("--yes goes with --orphans")
    }

    func run() async throws {
        let data = manager.place.data
        let other = try await namedElsewhere(data)
        let (stopped, known) = try await stopTasks(data, at: other)
        Terminal.output(stopped == 0 ? "No task of \(try owner.owner) ran." : "Stopped \(Count(stopped, "task")).")
        // Another manager does not know the tasks of this directory's store.
        let isOther = other != nil && data.hasStore
        // A task that the manager knows as ended may take another moment to end.
        let left = data.supervisors.filter { supervisor in
            supervisor.isOrphan || !isOther && supervisor.task.map { !known.contains($0) } ?? true
        }
        if orphans { try await stopOrphans(left) } else { try require(none: left, in: data) }
    }

    /// The manager that was named, unless it is the one that runs here, whatever its address is called.
    ///
    /// - Throws: where it does not answer, or where it is not clear which tasks are meant. Nothing was ended then.
    private func namedElsewhere(_ data: DataDirectory) async throws -> ManagerClient? {
        guard let address = manager.manager else { return nil }
        let client = try manager.writer()
        let named = try await answer(of: client, data)
        guard try DirectoryLock.holder(of: data.manager) != nil else { return client }
        let here = try await manager.localReader().clusterStatus()
        if named.cluster == here.cluster, named.term == here.term { return nil }
        if manager.managerOption == nil, let up = try DirectoryLock.holder(of: data.run) {
            throw Failure(
                "CUBE_MANAGER names \(address), and \(up) has another manager: it is not clear which tasks to stop",
                hint: "`cube down --manager \(address)` stops those there; without CUBE_MANAGER, it stops those of "
                    + "\(data.path)")
        }
        return client
    }

    private func answer(of named: ManagerClient, _ data: DataDirectory) async throws -> ClusterStatus {
        do { return try await named.clusterStatus() } catch let error as APIError
            where data.hasStore && (error.reason == .unavailable || error.reason == .timeout)
        {
            let origin = manager.managerOption == nil ? "CUBE_MANAGER" : "--manager"
            throw Failure(
                error.message,
                hint: "nothing was stopped; without \(origin), `cube down` stops the tasks of \(data.path)")
        }
    }

    private func require(none left: [SupervisorProcess], in data: DataDirectory) throws {
        try data.requireNoOrphans()
        guard !left.isEmpty else { return }
        throw Failure(
            "\(Count(left.count, "task").verb("still runs", "still run")) below \(data.path), and no "
                + "manager knows \(left.count == 1 ? "it" : "them"):\n" + LeftTasks(left).lines.joined(separator: "\n"),
            hint: "`cube down --orphans` stops what no manager knows; `cube manager restore FILE` brings a lost store "
                + "back")
    }

    /// Ends `cube up` where it runs, so that nothing starts again what is stopped.
    private func endUp(_ data: DataDirectory) async throws {
        if let up = try DirectoryLock.holder(of: data.run) {
            // Without it the tasks could not be stopped afterwards.
            try OpenFiles.requireForServices()
            // For it to say so, rather than that its tasks keep running. A mark that is left is taken away by the next `up`.
            // On a full disk it goes without.
            try? AtomicFile.write(Array("cube down\n".utf8), to: data.stopping, mode: 0o600)
            defer { unlink(data.stopping.string) }
            guard let process = up.process, kill(process, SIGTERM) == 0 else {
                throw Failure("\(up) cannot be ended", hint: "end it as the user that started it")
            }
            try await waitUntil("\(up) ends") { try DirectoryLock.holder(of: data.run) == nil }
            Terminal.note("Ended \(up).")
        }
        if let reconciler = try DirectoryLock.holder(of: data.reconciler) {
            throw Failure(
                "\(reconciler) is at work and would start again what is stopped",
                hint: "end it first: Ctrl-C, or its unit")
        }
    }

    /// Stops the tasks at another manager, or here, where it ends `cube up` before.
    ///
    /// - Returns: How many tasks were stopped, and all tasks that the manager knows, of whichever owner.
    private func stopTasks(
        _ data: DataDirectory, at other: ManagerClient?
    ) async throws -> (stopped: Int, known: Set<TaskID>) {
        let owner = try owner.owner
        let stop = { @Sendable (client: ManagerClient) in
            (stopped: try await stopAll(owner, client), known: Set(try await client.tasks().tasks.map(\.id)))
        }
        if other == nil { try await endUp(data) }
        if let client = try other ?? running(data) {
            let lease = try await OwnerLease(of: owner, at: client, for: "cube down", in: data)
            return try await lease.hold { try await stop(client) }
        }
        guard data.hasStore else { return (0, []) }
        let parts = LocalParts(data: data, holder: "cube down", log: DaemonLog(isVerbose: false, isQuiet: true))
        return try await parts.withClient(stop)
    }

    /// The manager that runs here; `nil` where none does.
    private func running(_ data: DataDirectory) throws -> ManagerClient? {
        try DirectoryLock.holder(of: data.manager) == nil ? nil : manager.writer()
    }

    private func stopAll(_ owner: OwnerName, _ client: ManagerClient) async throws -> Int {
        do {
            return try await OrchestratorClient(manager: client, owner: owner).stopAll(within: timeout)
        } catch let error as APIError where error.details?["tasks"] != nil {
            throw Failure(
                "\(error.message): \(error.details?["tasks"] ?? "")",
                hint: "`cube status` and `cube node list` say more; a node that is silent cannot end its tasks")
        }
    }

    private func stopOrphans(_ orphans: [SupervisorProcess]) async throws {
        guard !orphans.isEmpty else {
            Terminal.output("No task runs that no manager knows.")
            return
        }
        Terminal.note("\(Count(orphans.count, "task").verb("runs", "run")) that no manager knows:")
        for line in LeftTasks(orphans).lines { Terminal.note(TextLine(line)) }
        if !yes {
            guard Terminal.standardOutput.isInteractive, isatty(STDIN_FILENO) == 1 else {
                throw Failure("nobody was asked whether to stop them", hint: "--yes stops them without a question")
            }
            Terminal.write("Stop \(orphans.count == 1 ? "it" : "them")? [y/N] ", to: STDERR_FILENO)
            guard ["y", "yes"].contains(readLine()?.lowercased()) else { throw Failure("nothing more was stopped") }
        }
        try await LeftTasks(orphans).end(within: timeout)
        Terminal.output("Stopped \(Count(orphans.count, "orphan")).")
    }

    private func waitUntil(_ what: String, _ condition: () throws -> Bool) async throws {
        let deadline = ContinuousClock.now + timeout
        while try !condition() {
            guard ContinuousClock.now < deadline else { throw Failure("waited \(timeout.text) in vain until \(what)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

extension DataDirectory {
    /// Whether a manager has been here.
    fileprivate var hasStore: Bool { manager.appending(SQLiteStore.fileName).exists }
}
