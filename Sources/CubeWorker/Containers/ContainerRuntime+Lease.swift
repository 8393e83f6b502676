import CubeCore
import CubeErrors
import Logging
import Synchronization

/// Leases of exclusive tasks. A watchdog kills the container when the lease of its run ends.
extension ContainerRuntime {
    var exclusiveKinds: [RuntimeKind] { [.docker] }

    func lease(_ run: RunIdentity, until end: Duration?, at now: Duration) throws -> Bool {
        let files = RunDirectory(path: directory(of: run).path)
        let former = try files.lease()
        let container = live.withLock { $0[run] }
        guard let end else {
            leases.withLock { $0[run] = nil }
            guard former != nil else { return false }
            let watchdog = try watchdogs.dismiss(files)
            try files.removeLease()
            // A child of this worker would stay as a zombie, which does no harm until the end of the run.
            if let watchdog { Task { try await watchdog.end() } }
            return false
        }
        leases.withLock { $0[run] = end }
        if let former {
            // The watchdog may be about to kill the container.
            if former <= now { return false }
            try files.write(lease: max(end, former))
            if try watchdogs.isWatching(files) { return true }
        }
        // The start of the run writes the first lease and starts the watchdog.
        guard let container else { return true }
        if former == nil { try files.write(lease: end) }
        // The run was not exclusive at its start, or someone has killed its watchdog.
        try watchdogs.begin(for: files, container.id)
        return false
    }

    /// Ensures that the container of a run, which is about to start, is killed when the lease of the run ends.
    ///
    /// - Throws: `unavailable` if there is no lease, or if nothing watches the container.
    func watchBeforeStart(_ run: RunIdentity, _ name: String) async throws {
        guard let end = leases.withLock({ $0[run] }) else {
            throw APIError(.unavailable, "\(run.task): an exclusive task cannot start without a lease")
        }
        guard let container = try await engine.container(name) else {
            throw APIError(.unavailable, "\(run.task): container \(name) was removed")
        }
        let files = RunDirectory(path: directory(of: run).path)
        if try files.lease() == nil { try files.write(lease: end) }
        try await watchdogs.start(for: files, container.id)
    }

    /// Ends a container whose processes are not processes of this machine, because its watchdog could not kill it.
    ///
    /// - Returns: whether the container has to end.
    func endIfInvisible(_ run: RunIdentity, _ name: String) async throws -> Bool {
        guard let container = live.withLock({ $0[run] }), let process = container.status.process,
            try ContainerProcess.isVisible(process, of: container.id) != true,
            // It may have ended by itself.
            try await engine.container(name)?.status.phase == .running
        else { return false }
        try await engine.kill(name, signal: "SIGKILL")
        return true
    }

    /// Ends the watchdog of a run that needs none any more.
    func dismissWatchdog(of run: RunIdentity) async {
        leases.withLock { $0[run] = nil }
        do { try await endWatchdog(RunDirectory(path: directory(of: run).path)) } catch {
            logger.debug("\(run.task): cannot end the watchdog of its container: \(error)")
        }
    }

    /// Ends the watchdog of a run, if it has one.
    func endWatchdog(_ run: RunDirectory) async throws {
        try await watchdogs.dismiss(run)?.end()
        watchdogs.forget(run)
    }
}
