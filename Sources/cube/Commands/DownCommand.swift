import ArgumentParser
import CubeErrors
import CubeManagerClient
import CubeOrchestratorClient
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

            With --orphans it also stops tasks of this user that run though their directory is gone, such as after .cube was
            deleted.

            Exit codes: 0 nothing of the owner runs any more, 1 something does, or an error.
            """))

    @Flag(help: "Also stop tasks whose directory is gone.")
    var orphans = false
    @Option(
        help: ArgumentHelp("How long to wait for the tasks to end.", valueName: "duration"),
        transform: Duration.parse)
    var timeout: Duration = .seconds(120)
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions

    func run() async throws {
        let data = manager.place.data
        try await endUp(data)
        let stopped = try await stopTasks(data)
        Terminal.output(stopped == 0 ? "No task of \(try owner.owner) ran." : "Stopped \(Count(stopped, "task")).")
        if orphans { try await stopOrphans() } else { try data.requireNoOrphans() }
    }

    /// Ends `cube up` where it runs, so that nothing starts again what is stopped.
    private func endUp(_ data: DataDirectory) async throws {
        if let up = try DirectoryLock.holder(of: data.run) {
            // For it to say so, rather than that its tasks keep running. A mark that is left is taken away by the next `up`.
            try AtomicFile.write(Array("cube down\n".utf8), to: data.stopping, mode: 0o600)
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

    private func stopTasks(_ data: DataDirectory) async throws -> Int {
        let owner = try owner.owner
        let isManagerAlive = try DirectoryLock.holder(of: data.manager) != nil
        if manager.manager != nil || isManagerAlive {
            return try await stopAll(owner, try manager.writer())
        }
        guard data.manager.appending("cube.sqlite").exists else { return 0 }
        let parts = LocalParts(data: data, holder: "cube down", log: DaemonLog(isVerbose: false, isQuiet: true))
        return try await parts.withClient { client in
            try await stopAll(owner, client)
        }
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

    private func stopOrphans() async throws {
        let orphans = Set(SupervisorProcess.all().filter(\.isOrphan))
        for orphan in orphans { try orphan.askToEnd() }
        try await waitUntil("the orphans end") { orphans.isDisjoint(with: SupervisorProcess.all()) }
        Terminal.output(
            orphans.isEmpty ? "No task runs without its directory." : "Stopped \(Count(orphans.count, "orphan")).")
    }

    private func waitUntil(_ what: String, _ condition: () throws -> Bool) async throws {
        let deadline = ContinuousClock.now + timeout
        while try !condition() {
            guard ContinuousClock.now < deadline else { throw Failure("waited \(timeout.text) in vain until \(what)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
