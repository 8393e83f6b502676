import CubeCore
import CubeErrors
import CubeTypes

/// The runtimes of a worker as one: each run is handed to the runtime of its kind.
struct TaskRuntimes: TaskRuntime {
    let process: (any TaskRuntime)?
    let container: (any TaskRuntime)?
    let boot: String

    private var all: [any TaskRuntime] { [process, container].compactMap { $0 } }

    var kinds: [RuntimeKind] { all.flatMap(\.kinds) }

    var images: ImageSet { container?.images ?? ImageSet() }

    var exclusiveKinds: [RuntimeKind] { all.flatMap(\.exclusiveKinds) }

    func accepts(_ kind: RuntimeKind) -> Bool { all.contains { $0.accepts(kind) } }

    func run(changed: @escaping @Sendable () async -> Void) async {
        await withDiscardingTaskGroup { group in
            for runtime in all { group.addTask { await runtime.run(changed: changed) } }
        }
    }

    func notEnforced(_ definition: TaskDefinition, in run: RunIdentity?) -> [String] {
        // A task of a runtime that this worker does not have any more enforces nothing.
        runtime(for: definition.runtime)?.notEnforced(definition, in: run) ?? definition.limits.names
    }

    func find(_ run: RunIdentity) async throws -> RunState? { try await runtime(of: run).find(run) }

    func start(_ run: RunIdentity, of assignment: TaskAssignment) async throws -> RunState {
        try await runtime(of: run).start(run, of: assignment)
    }

    func start(
        _ run: RunIdentity, of assignment: TaskAssignment, isPulled: Bool, networkOf holder: RunIdentity?
    ) async throws -> RunState {
        try await runtime(of: run).start(run, of: assignment, isPulled: isPulled, networkOf: holder)
    }

    func pull(for definition: TaskDefinition) async throws { try await container?.pull(for: definition) }

    func pullProgress(of image: String) -> String? { container?.pullProgress(of: image) }

    func abandon(_ run: RunIdentity) async throws -> RunState { try await runtime(of: run).abandon(run) }

    func stop(_ run: RunIdentity, _ policy: StopPolicy) throws { try runtime(of: run).stop(run, policy) }

    func lease(_ run: RunIdentity, until end: Duration?, at now: Duration) throws -> Bool {
        try runtime(of: run).lease(run, until: end, at: now)
    }

    func change(_ run: RunIdentity, to policy: StopPolicy) throws { try runtime(of: run).change(run, to: policy) }

    func end(of run: RunIdentity) async throws -> RunEnd { try await runtime(of: run).end(of: run) }

    func end(of run: RunIdentity, changed: @Sendable (RunDetails) async -> Void) async throws -> RunEnd {
        try await runtime(of: run).end(of: run, changed: changed)
    }

    func check(
        _ run: RunIdentity, of assignment: TaskAssignment, by command: [String], within timeout: Duration
    ) async throws -> CheckOutcome {
        try await runtime(of: run).check(run, of: assignment, by: command, within: timeout)
    }

    func execute(
        _ request: ExecRequest, in run: RunIdentity, of assignment: TaskAssignment, through streams: any ExecStreams
    ) async throws -> ExecEnd {
        try await runtime(of: run).execute(request, in: run, of: assignment, through: streams)
    }

    func removeSecrets(of assignment: TaskAssignment) async throws {
        try await runtime(for: assignment.definition.runtime)?.removeSecrets(of: assignment)
    }

    func removeVolume(_ volume: NodeVolume) async throws {
        guard let container else {
            throw APIError(.unavailable, "this worker was started with a --runtime that has no volumes")
        }
        try await container.removeVolume(volume)
    }

    func usage(of runs: [RunIdentity]) async -> [RunIdentity: RunUsage] {
        var usage: [RunIdentity: RunUsage] = [:]
        for (kind, runs) in Dictionary(grouping: runs, by: \.runtime) {
            usage.merge(await runtime(for: kind)?.usage(of: runs) ?? [:]) { first, _ in first }
        }
        return usage
    }

    func address(
        of port: PortReference, of run: RunIdentity, _ assignment: TaskAssignment
    ) async throws -> ProbeTarget? {
        try await runtime(of: run).address(of: port, of: run, assignment)
    }

    private func runtime(for kind: RuntimeKind) -> (any TaskRuntime)? {
        switch kind {
        case .process: process
        case .docker: container
        }
    }

    private func runtime(of run: RunIdentity) throws -> any TaskRuntime {
        guard let runtime = runtime(for: run.runtime) else {
            throw APIError(
                .unavailable,
                "this worker was started with a --runtime other than \(run.runtime.rawValue), so it cannot act on the task"
            )
        }
        return runtime
    }
}
