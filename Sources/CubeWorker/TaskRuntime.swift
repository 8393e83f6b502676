package import CubeCore
package import CubeTypes

/// The resources that all processes of a run use in total.
package struct RunUsage: Hashable, Sendable {
    package var processes = 0
    package var cpuSeconds = 0.0
    package var memoryBytes = 0
}

/// Starts, finds and stops runs, which continue while no worker runs.
///
/// Every method may be called again at any time, also by a new worker after its predecessor was killed. A run is
/// started at most once, and the way that it ended remains known until another run of the same task is started.
package protocol TaskRuntime: Sendable {
    /// The kinds of tasks that can be started at present, as the descriptions of nodes name them.
    var kinds: [RuntimeKind] { get }
    /// The ID of the present boot of the machine.
    var boot: String { get }

    /// Whether tasks of a kind are accepted, even if their runtime is not available at present.
    func accepts(_ kind: RuntimeKind) -> Bool

    /// Carries out the background work of the runtime until it is cancelled.
    ///
    /// - Parameter changed: called when ``kinds`` changes.
    func run(changed: @escaping @Sendable () async -> Void) async

    /// Returns the names of the declared resource limits that the runtime does not enforce.
    func notEnforced(_ definition: TaskDefinition) -> [String]

    /// Finds out the state of a run.
    ///
    /// - Returns: the state; `nil` if the run was not started.
    func find(_ run: RunIdentity) async throws -> RunState?

    /// Starts a run unless it was started before.
    ///
    /// - Throws: `MissingImage` if the image has to be pulled first; another error if the start fails for a reason outside of the
    ///   task, so that a retry may succeed.
    func start(_ run: RunIdentity, of assignment: TaskAssignment) async throws -> RunState

    /// Pulls an image, which may take long. Callers that need the same image at the same time share one pull.
    func pull(_ image: String) async throws

    /// Ensures that a run that was not started will never start.
    func abandon(_ run: RunIdentity) async throws -> RunState

    /// Asks a run to end by the signal and within the grace period of the policy. Repeated calls have no further effect.
    func stop(_ run: RunIdentity, _ policy: StopPolicy) throws

    /// Changes the policy by which a live run is stopped when its program exits and leaves processes behind.
    func change(_ run: RunIdentity, to policy: StopPolicy) throws

    /// Waits for the end of a run that was found running.
    ///
    /// - Throws: `CancellationError`.
    func end(of run: RunIdentity) async throws -> RunEnd

    /// Runs a check command next to a run, with the environment, user and directory of the run. If the command exceeds
    /// the timeout or the caller is cancelled, the command and all its descendants are killed.
    func check(
        _ run: RunIdentity, of assignment: TaskAssignment, by command: [String], within timeout: Duration
    ) async throws -> CheckOutcome

    /// Removes the secrets of a task that has ended. Repeated calls change nothing.
    func removeSecrets(of assignment: TaskAssignment) async throws

    /// Returns the resource usage of those of the given runs that are alive.
    func usage(of runs: [RunIdentity]) -> [RunIdentity: RunUsage]

    /// Returns the address at which health checks reach a port of a run.
    ///
    /// - Parameter port: a port that the task declares, or a number.
    /// - Returns: `nil` if the task declares no port of this name.
    func address(of port: PortReference, of run: RunIdentity, _ assignment: TaskAssignment) async throws -> ProbeTarget?
}

/// The image of a task is not on this machine.
package struct MissingImage: Error {
    package var image: String
}

extension TaskRuntime {
    package func pull(_ image: String) async throws {}

    package func accepts(_ kind: RuntimeKind) -> Bool { kinds.contains(kind) }

    package func run(changed: @escaping @Sendable () async -> Void) async {}

    /// Returns the address of a port of the node itself.
    package func address(
        of port: PortReference, of run: RunIdentity, _ assignment: TaskAssignment
    ) async throws -> ProbeTarget? {
        switch port {
        case .number(let number): ProbeTarget(port: number)
        case .name(let name): assignment.ports[name].map { ProbeTarget(port: $0) }
        }
    }
}
