package import CubeCore
package import CubeTypes

/// What the processes of a run use together.
package struct RunUsage: Hashable, Sendable {
    package var processes = 0
    package var cpuSeconds = 0.0
    package var memoryBytes = 0
}

/// What carries out runs, and keeps them while no worker is there.
///
/// All of it may be called again at any time, also by the next worker after this one was killed: a run is started at most
/// once, and how it ended stays known until another run of the same task is started.
package protocol TaskRuntime: Sendable {
    /// The word by which nodes name it.
    var name: String { get }
    /// The present start of the machine.
    var boot: String { get }

    /// Which of the limits that a task declares nothing holds it to.
    func notEnforced(_ definition: TaskDefinition) -> [String]

    /// - Returns: what became of a run; `nil` where it was not started.
    func find(_ run: RunIdentity) async throws -> RunState?

    /// Starts a run if it was not started before.
    ///
    /// - Throws: where the reason is not the task's, so that another try may succeed.
    func start(_ run: RunIdentity, of assignment: TaskAssignment) async throws -> RunState

    /// Sees to it that a run that was not started never will be.
    func abandon(_ run: RunIdentity) async throws -> RunState

    /// Asks a run to end, in the way and within the time that the policy says; again has no further effect.
    func stop(_ run: RunIdentity, _ policy: StopPolicy) throws

    /// Says how a run that is alive is ended from now on, when its program ends by itself and leaves something behind.
    func change(_ run: RunIdentity, to policy: StopPolicy) throws

    /// Waits for the end of a run that was found running.
    ///
    /// - Throws: `CancellationError`.
    func end(of run: RunIdentity) async throws -> RunEnd

    /// Runs a program beside a run, as the run's own one was: its environment, user and directory. At the end of its time, or
    /// where nobody waits for it any more, it is killed with all that it started.
    func check(
        _ run: RunIdentity, of assignment: TaskAssignment, by command: [String], within timeout: Duration
    ) async throws -> CheckOutcome

    /// Removes the secrets that a task was given, once it has ended; again changes nothing.
    func removeSecrets(of assignment: TaskAssignment) throws

    /// What the runs use that are alive, of those asked for.
    func usage(of runs: [RunIdentity]) -> [RunIdentity: RunUsage]
}
