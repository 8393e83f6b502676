package import CubeCore
package import CubeTypes

/// The resources that all processes of a run use in total.
package struct RunUsage: Hashable, Sendable {
    package var processes = 0
    package var cpuSeconds = 0.0
    package var memoryBytes = 0
    /// The limit that is enforced; `nil` if there is none.
    package var memoryLimitBytes: Int?
    /// What was read from disks and written to them; `nil` if it is not known.
    package var disk: Transfer?
    /// What was received and sent on the network; `nil` for a run that shares the network of its node.
    package var network: Transfer?
}

/// Starts, finds and stops runs, which continue while no worker runs.
///
/// Every method may be called again at any time, also by a new worker after its predecessor was killed. A run is
/// started at most once, and the way that it ended remains known until another run of the same task is started.
package protocol TaskRuntime: Sendable {
    /// The kinds of tasks that can be started at present, as the descriptions of nodes name them.
    var kinds: [RuntimeKind] { get }
    /// The images that the runtime has, for scheduling.
    var images: ImageSet { get }
    /// The ID of the present boot of the machine.
    var boot: String { get }

    /// The kinds of tasks that can be exclusive: something that outlives the worker ends them when their lease ends.
    var exclusiveKinds: [RuntimeKind] { get }

    /// Whether tasks of a kind are accepted, even if their runtime is not available at present.
    func accepts(_ kind: RuntimeKind) -> Bool

    /// Carries out the background work of the runtime until it is cancelled.
    ///
    /// - Parameter changed: called when ``kinds`` or ``images`` changes.
    func run(changed: @escaping @Sendable () async -> Void) async

    /// Returns the names of the declared limits, such as `limits.memory`, that the runtime does not enforce.
    ///
    /// - Parameter run: the live run, which may have been started when the runtime enforced other limits; `nil` if there is none.
    func notEnforced(_ definition: TaskDefinition, in run: RunIdentity?) -> [String]

    /// Finds out the state of a run.
    ///
    /// - Returns: the state; `nil` if the run was not started.
    func find(_ run: RunIdentity) async throws -> RunState?

    /// Starts a run unless it was started before.
    ///
    /// - Throws: an error if the start fails for a reason outside of the task, so that a retry may succeed.
    func start(_ run: RunIdentity, of assignment: TaskAssignment) async throws -> RunState

    /// Starts a run unless it was started before.
    ///
    /// - Parameters:
    ///   - isPulled: whether a pull of the image was attempted for this start.
    ///   - holder: the run whose network the run uses; `nil` if it has its own.
    /// - Throws: `PullRequired` if the image has to be pulled first; otherwise, as the other `start`.
    func start(
        _ run: RunIdentity, of assignment: TaskAssignment, isPulled: Bool, networkOf holder: RunIdentity?
    ) async throws -> RunState

    /// Pulls the image of a task, which may take long. Callers that need the same image at the same time share one pull.
    ///
    /// - Throws: `StartRefusal` if the credentials of the task are invalid; another error if the pull fails.
    func pull(for definition: TaskDefinition) async throws

    /// Returns how far the pull of an image is, in words; `nil` if it is not being pulled.
    func pullProgress(of image: String) -> String?

    /// Ensures that a run that was not started will never start.
    func abandon(_ run: RunIdentity) async throws -> RunState

    /// Asks a run to end by the signal and within the grace period of the policy. Repeated calls have no further effect.
    func stop(_ run: RunIdentity, _ policy: StopPolicy) throws

    /// Sets the time of the boot-time clock until which a run of an exclusive task may be alive, before its start or while it is alive.
    ///
    /// - Parameter end: the time; `nil` if the run may be alive without a limit.
    /// - Returns: whether the run will be ended by then. A run whose former lease has ended cannot be saved.
    func lease(_ run: RunIdentity, until end: Duration?, at now: Duration) throws -> Bool

    /// Changes the policy by which a live run is stopped when its program exits and leaves processes behind.
    func change(_ run: RunIdentity, to policy: StopPolicy) throws

    /// Waits for the end of a run that was found running.
    ///
    /// - Throws: `CancellationError`.
    func end(of run: RunIdentity) async throws -> RunEnd

    /// Waits for the end of a run that was found running.
    ///
    /// - Parameter changed: called with what the runtime knows of the run when it looked at it.
    /// - Throws: `CancellationError`.
    func end(of run: RunIdentity, changed: @Sendable (RunDetails) async -> Void) async throws -> RunEnd

    /// Runs a check command next to a run, with the environment, user and directory of the run. If the command exceeds
    /// the timeout or the caller is cancelled, the command and all its descendants are killed.
    func check(
        _ run: RunIdentity, of assignment: TaskAssignment, by command: [String], within timeout: Duration
    ) async throws -> CheckOutcome

    /// Runs a command next to a run, with the environment, user and directory of the run, and returns how it ended. If the caller is
    /// cancelled, the command is ended by SIGHUP and, soon after that, by SIGKILL.
    ///
    /// - Parameter streams: where the command's output goes, and where the instructions of its client come from.
    func execute(
        _ request: ExecRequest, in run: RunIdentity, of assignment: TaskAssignment, through streams: any ExecStreams
    ) async throws -> ExecEnd

    /// Removes the secrets of a task that has ended. Repeated calls change nothing.
    func removeSecrets(of assignment: TaskAssignment) async throws

    /// Removes a named volume with its data. A missing volume is no error.
    ///
    /// - Throws: if the volume still exists, or if that is not known.
    func removeVolume(_ volume: NodeVolume) async throws

    /// Returns the resource usage of those of the given runs that are alive, as far as it can be found out.
    func usage(of runs: [RunIdentity]) async -> [RunIdentity: RunUsage]

    /// Returns the address at which health checks reach a port of a run.
    ///
    /// - Parameter port: a port that the task declares, or a number.
    /// - Returns: `nil` if the task declares no port of this name.
    func address(of port: PortReference, of run: RunIdentity, _ assignment: TaskAssignment) async throws -> ProbeTarget?
}

/// The connection between a command and the client that watches it, on the side of the runtime.
package protocol ExecStreams: Sendable {
    /// Passes on output of the command. Waits until the client has taken earlier output.
    func write(_ bytes: [UInt8], to stream: ExecStream) async throws

    /// Waits for the next instruction of the client and returns it.
    func instruction() async throws -> ExecInstruction
}

/// The image of a task has to be pulled before the run can start.
package struct PullRequired: Error {
    package var image: String
    /// Whether the run can start without the pull, because this machine may have an image of that name.
    package var isRefresh: Bool
}

extension TaskRuntime {
    package func start(
        _ run: RunIdentity, of assignment: TaskAssignment, isPulled: Bool, networkOf holder: RunIdentity?
    ) async throws -> RunState {
        try await start(run, of: assignment)
    }

    package func end(of run: RunIdentity, changed: @Sendable (RunDetails) async -> Void) async throws -> RunEnd {
        try await end(of: run)
    }

    package var images: ImageSet { ImageSet() }

    package var exclusiveKinds: [RuntimeKind] { [] }

    package func lease(_ run: RunIdentity, until end: Duration?, at now: Duration) throws -> Bool { false }

    package func pull(for definition: TaskDefinition) async throws {}

    package func pullProgress(of image: String) -> String? { nil }

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
