import CubeCore
import CubeErrors
import CubeTypes
import Logging
import Synchronization

extension ContainerRuntime {
    func abandon(_ run: RunIdentity) async throws -> RunState {
        do {
            if let state = try await find(run) { return state }
            // The container was created but not started, or a request to create it is under way, which never starts it.
            try await engine.remove(ContainerSpec.name(of: run))
        } catch let error as EngineError {
            // A run that no engine was asked to start never starts, whether or not an engine responds.
            guard try directory(of: run).engineOfStart() == nil else { throw error }
        }
        await dismissWatchdog(of: run)
        return .ended(.neverStarted)
    }

    /// Requests a stop, which ``end(of:)`` carries out. A full disk does not prevent it.
    func stop(_ run: RunIdentity, _ policy: StopPolicy) throws {
        var stop = try requestedStop(of: run) ?? ContainerStop(policy)
        stop.policy = policy
        keep(stop, of: run)
        watch.ring(ContainerSpec.name(of: run))
    }

    /// Does nothing: the policy is applied when a stop is requested, and a container ends as a whole when its program exits.
    func change(_ run: RunIdentity, to policy: StopPolicy) throws {}

    /// Sends the signal that is due to a run.
    ///
    /// - Returns: the time until the next signal is due; `nil` if no stop was requested.
    func carryOutStop(of run: RunIdentity, _ name: String) async throws -> Duration? {
        guard var stop = try requestedStop(of: run) else { return nil }
        switch stop.due(at: now()) {
        case .wait(let rest): return rest
        case .send(let signal, let next):
            keep(stop, of: run)
            try await engine.kill(name, signal: signal)
            return next
        }
    }

    private func requestedStop(of run: RunIdentity) throws -> ContainerStop? {
        try stops.withLock { $0[run] } ?? directory(of: run).stop()
    }

    private func keep(_ stop: ContainerStop, of run: RunIdentity) {
        stops.withLock { $0[run] = stop }
        do { try directory(of: run).write(stop) } catch {
            logger.error(
                "\(run.task): cannot record that it is being stopped; a restarted worker would begin the stop again: \(error)"
            )
        }
    }

    func removeSecrets(of assignment: TaskAssignment) async throws {
        try LocalFiles.remove(staging(of: assignment.id))
        for container in try await containers(of: assignment.id) where !container.isAlive {
            if let name = container.name { try await engine.remove(name) }
        }
        await networks.leave(
            assignment.definition.network.join.map { ContainerNetwork($0, of: assignment, on: worker) },
            by: assignment.id)
    }
}
