import CubeCore
import CubeSystem
import CubeTesting
import CubeTypes
import Foundation
import Logging
import Synchronization
import SystemPackage
import Testing

@testable import CubeWorker

/// The order of the steps of a task.
@Suite(.timeLimit(.minutes(1)))
struct SupervisionTests {
    /// A runtime that cannot start anything, and takes as long to remove the secrets of a task as the test says.
    private final class SlowRemoval: TaskRuntime, Prober {
        let kinds = [RuntimeKind.process]
        let boot = "boot"
        let starts = Mutex(0)
        let removals = Mutex(0)
        private let gate = AsyncStream.makeStream(of: Never.self)

        func open() { gate.continuation.finish() }

        func start(_ run: RunIdentity, of assignment: TaskAssignment) -> RunState {
            starts.withLock { $0 += 1 }
            return .ended(.startFailed("the test starts nothing"))
        }

        func removeSecrets(of assignment: TaskAssignment) async {
            removals.withLock { $0 += 1 }
            for await _ in gate.stream {}
        }

        func notEnforced(_ definition: TaskDefinition, in run: RunIdentity?) -> [String] { [] }
        func find(_ run: RunIdentity) -> RunState? { nil }
        func abandon(_ run: RunIdentity) -> RunState { .ended(.neverStarted) }
        func stop(_ run: RunIdentity, _ policy: StopPolicy) {}
        func change(_ run: RunIdentity, to policy: StopPolicy) {}
        func end(of run: RunIdentity) -> RunEnd { .neverStarted }
        func check(
            _ run: RunIdentity, of assignment: TaskAssignment, by command: [String], within timeout: Duration
        ) -> CheckOutcome { .passed }
        func execute(
            _ request: ExecRequest, in run: RunIdentity, of assignment: TaskAssignment, through streams: any ExecStreams
        ) -> ExecEnd { ExecEnd(code: 126, message: "") }
        func removeVolume(_ volume: NodeVolume) {}
        func usage(of runs: [RunIdentity]) -> [RunIdentity: RunUsage] { [:] }
        func probe(
            _ run: RunIdentity, _ kind: CheckKind, of assignment: TaskAssignment, by check: HealthCheck
        ) -> CheckOutcome { .passed }
    }

    @Test func `a placement that arrives while the secrets of the former one are removed is started`() async throws {
        try await WorkerWorld.with { world in
            let runtime = SlowRemoval()
            let time = QueuedTime(clock: ManualClock())
            let service = try await WorkerService.open(
                WorkerOptions(name: "w1", directory: world.directory, supervisor: WorkerWorld.supervisor),
                runtime: runtime, prober: runtime, registrar: nil, clock: ContinuousClock(), now: { .now() },
                random: .system, executor: time.executor(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let running = Task { try await service.run() }
            let worker = RunningWorker(service: service)
            let first = TaskAssignment.script("exit")
            try await worker.assign(first)
            try await eventually { runtime.removals.withLock(\.self) == 1 }
            var second = first
            second.placement = 2
            try await worker.assign(second)
            runtime.open()
            try await eventually { runtime.starts.withLock(\.self) == 2 }
            running.cancel()
            _ = try? await running.value  // It was cancelled.
        }
    }
}
