import ArgumentParser
import CubeCore
import CubeErrors
import CubeManager
import CubeManagerClient
import CubeOrchestratorClient
import CubeSystem
import CubeText
import CubeTypes
import CubeWorker
import Glibc
import Logging
import ServiceLifecycle
import SystemPackage

struct DownCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Stop all tasks of the owner, and `cube up` if it is running.",
        discussion: .flowing(
            """
            Ends the `cube up` that runs on the data directory, then stops its tasks and waits until they have ended.
            The manifests stay unchanged, so the next `cube up` starts everything again, except completed jobs and
            failed workloads, which `cube retry NAME` starts again. Tasks of other owners, such as those that `cube task
            run` started, keep running.

            With --manager, it stops the owner's tasks at that manager, and does not touch a `cube up` that uses another
            manager. It refuses while a reconciler of the owner is running there, because that would start the tasks
            again. End the reconciler first.

            With --orphans, it also stops tasks that were started from the data directory and that no manager knows,
            because their directory or the manager's store is gone. It lists them and asks for confirmation on a
            terminal; scripts pass --yes.

            Exit codes: 0 no task of the owner is running, 1 a task is still running, or another error.
            """))

    @Flag(help: "Also stop tasks of this data directory that no manager knows.")
    var orphans = false
    @Flag(help: "Stop orphans without confirmation.")
    var yes = false
    @Option(
        help: ArgumentHelp("How long to wait for the tasks to end. (default: 2m)", valueName: "duration"),
        transform: Duration.parse)
    var timeout: Duration = .seconds(120)
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions

    func validate() throws {
        guard yes, !orphans else { return }
        throw ArgumentParser.ValidationError("--yes requires --orphans")
    }

    func run() async throws {
        let data = manager.place.data
        let other = try await namedElsewhere(data)
        let (stopped, tasks) = try await stopTasks(data, at: other)
        let owner = try owner.owner
        Terminal.output(
            stopped == 0 ? "Owner \(owner) had no running task." : "Stopped \(Count(stopped, "task")).")
        if other == nil {
            // A manager that was named has been ended, if it is that of this directory.
            for line in Self.notes(on: tasks, besides: owner, command: manager.place.command) { Terminal.note(line) }
        }
        let known = Set(tasks.map(\.id))
        // A manager elsewhere does not know the tasks in this directory's store.
        let isOther = other != nil && data.hasStore
        // A task that the manager lists as ended may take another moment to exit.
        let left = data.supervisors.filter { supervisor in
            supervisor.isOrphan || !isOther && supervisor.process.task.map { !known.contains($0) } ?? true
        }.map(\.process)
        if orphans {
            try await stopOrphans(left, await data.orphanContainers())
        } else {
            try require(none: left, in: data)
            try await data.requireNoOrphanContainers()
        }
    }

    /// Which tasks of other owners keep running, and the commands that stop them; sorted by owner.
    static func notes(on tasks: [TaskStatus], besides owner: OwnerName, command: (String) -> String) -> [TextLine] {
        let others = tasks.filter {
            $0.owner != owner && ($0.state == .running || $0.state == .scheduled && $0.node != nil)
        }
        let counts = Dictionary(grouping: others, by: \.owner).mapValues(\.count)
        return counts.sorted { $0.key < $1.key }.map { other, count in
            let tasks = Count(count, "task").verb("of owner \(other) keeps running", "of owner \(other) keep running")
            let them = count == 1 ? "it" : "them"
            return "\(tasks); \(command("down --owner \(other)")) stops \(them)."
        }
    }

    /// Returns the manager that the user named, unless it is the one that runs on this data directory, possibly under
    /// another address.
    ///
    /// - Throws: A `Failure` if the manager does not answer, or if it is not clear which tasks are meant. No task was
    ///   stopped then.
    private func namedElsewhere(_ data: DataDirectory) async throws -> ManagerClient? {
        // `cube up`, the counterpart of this command, runs on this machine. The current context must therefore not decide which
        // tasks are stopped.
        let choice = try manager.choice(.named)
        guard let origin = choice.origin else { return nil }
        let client = try manager.writer(.named)
        let named = try await answer(of: client, origin, data)
        guard try DirectoryLock.holder(of: data.manager) != nil else { return client }
        let here = try await manager.localReader().clusterStatus()
        if named.cluster == here.cluster, named.term == here.term { return nil }
        if case .given(let address, by: "CUBE_MANAGER") = choice, let up = try DirectoryLock.holder(of: data.run) {
            throw Failure(
                "CUBE_MANAGER is \(address), but \(up) uses another manager: it is not clear which tasks to stop",
                hint: "`cube down --manager \(address)` stops the tasks there; without CUBE_MANAGER, it stops those of "
                    + "\(data.path)")
        }
        return client
    }

    private func answer(of named: ManagerClient, _ origin: String, _ data: DataDirectory) async throws -> ClusterStatus
    {
        do { return try await named.clusterStatus() } catch let error as APIError
            where data.hasStore && (error.reason == .unavailable || error.reason == .timeout)
        {
            throw Failure(
                error.message,
                hint: "no task was stopped; without \(origin), \(data.command("down")) stops the tasks of \(data.path)")
        }
    }

    private func require(none left: [SupervisorProcess], in data: DataDirectory) throws {
        try data.requireNoOrphans()
        guard !left.isEmpty else { return }
        throw Failure(
            "\(Count(left.count, "task").verb("is still running", "are still running")) below \(data.path), and no "
                + "manager knows \(left.count == 1 ? "it" : "them"):\n"
                + OrphanTasks(left).lines.joined(separator: "\n"),
            hint:
                "\(data.command("down --orphans")) stops tasks that no manager knows; "
                + "\(data.command("manager restore FILE")) restores a lost store")
    }

    /// Ends a running `cube up`, so that it does not restart the tasks that are stopped afterwards.
    private func endUp(_ data: DataDirectory) async throws {
        if let up = try DirectoryLock.holder(of: data.run) {
            // Below this limit, stopping the tasks afterwards would fail.
            try OpenFiles.requireForServices()
            // The mark makes `cube up` print that its tasks are being stopped, not that they keep running. The next
            // `up` removes a leftover mark. On a full disk, the mark is left out.
            try? NamedFile.write(Array("cube down\n".utf8), to: data.stopping)
            defer { unlink(data.stopping.string) }
            guard let process = up.process, kill(process, SIGTERM) == 0 else {
                throw Failure("\(up) cannot be ended", hint: "run `cube down` as the user that started it")
            }
            try await wait(for: "\(up) to end") { try DirectoryLock.holder(of: data.run) == nil }
            Terminal.note("Ended \(up).")
        }
        if let reconciler = try DirectoryLock.holder(of: data.reconciler) {
            throw Failure(
                "\(reconciler) is running and would start the stopped tasks again",
                hint: "end it first, with Ctrl-C or through its systemd unit")
        }
    }

    /// Stops the tasks at another manager; or here, after it has ended `cube up`.
    ///
    /// - Returns: The number of tasks that were stopped, and all tasks that the manager knows, of all owners.
    private func stopTasks(
        _ data: DataDirectory, at other: ManagerClient?
    ) async throws -> (stopped: Int, tasks: [TaskStatus]) {
        let owner = try owner.owner
        if other == nil { try await endUp(data) }
        let remaining = try other ?? running(data)
        let hint = Self.hintAfterTimeout(managerRemains: remaining != nil)
        let stop = { @Sendable (client: ManagerClient) in
            (stopped: try await stopAll(owner, client, data, hint: hint), tasks: try await client.tasks().tasks)
        }
        if let client = remaining {
            let lease = try await OwnerLease(of: owner, at: client, for: "cube down", in: data)
            return try await lease.hold { try await stop(client) }
        }
        guard data.hasStore else { return (0, []) }
        let parts = LocalParts(data: data, holder: "cube down", log: DaemonLog(isVerbose: false, isQuiet: true))
        return try await parts.withClient(stop)
    }

    /// A client of the manager that runs on this data directory; `nil` if none is running.
    private func running(_ data: DataDirectory) throws -> ManagerClient? {
        try DirectoryLock.holder(of: data.manager) == nil ? nil : manager.writer()
    }

    private func stopAll(
        _ owner: OwnerName, _ client: ManagerClient, _ data: DataDirectory, hint: String
    ) async throws -> Int {
        do {
            let orchestrator = OrchestratorClient(manager: client, owner: owner)
            return try await StopJournal(owner: owner, client: orchestrator, data: data, command: "cube down")
                .stopAll(within: timeout)
        } catch let error as APIError where error.details?["tasks"] != nil {
            throw Failure("\(error.message): \(error.details?["tasks"] ?? "")", hint: hint)
        }
    }

    /// The hint if tasks have not ended in time.
    private static func hintAfterTimeout(managerRemains: Bool) -> String {
        "a task has its grace period to end (`stop.grace` in its manifest); run `cube down` again with a longer --timeout"
            + (managerRemains ? "; `cube node list` shows silent nodes, which cannot end their tasks" : "")
    }

    private func stopOrphans(_ orphans: [SupervisorProcess], _ containers: OrphanContainers?) async throws {
        let names = containers?.names ?? []
        let count = orphans.count + names.count
        guard count > 0 else {
            Terminal.output("No orphan is running.")
            return
        }
        Terminal.note("\(Count(count, "task").verb("is", "are")) running that no manager knows:")
        for line in OrphanTasks(orphans).lines { Terminal.note(TextLine(line)) }
        for name in names { Terminal.note(TextLine("  container \(name)")) }
        if !yes {
            guard Terminal.standardOutput.isInteractive, isatty(STDIN_FILENO) == 1 else {
                throw Failure(
                    "cannot ask for confirmation without a terminal", hint: "--yes stops orphans without confirmation")
            }
            Terminal.write("Stop \(count == 1 ? "it" : "them")? [y/N] ", to: STDERR_FILENO)
            guard ["y", "yes"].contains(readLine()?.lowercased()) else { throw Failure("the orphans were not stopped") }
        }
        try await OrphanTasks(orphans).end(within: timeout)
        try await containers?.end()
        Terminal.output("Stopped \(Count(count, "orphan")).")
    }

    private func wait(for event: String, _ condition: () throws -> Bool) async throws {
        let deadline = ContinuousClock.now + timeout
        while try !condition() {
            guard ContinuousClock.now < deadline else {
                throw Failure("timed out after \(timeout.text) waiting for \(event)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

extension DataDirectory {
    /// Whether a manager has ever run on this data directory.
    fileprivate var hasStore: Bool { manager.appending(SQLiteStore.fileName).exists }
}
