import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Glibc
import SystemPackage
import Testing

@testable import CubeWorker

/// A runtime that the conformance tests run on. Engines are started by `.ci/with-engines`.
enum TestRuntime: String, CaseIterable, CustomTestStringConvertible {
    case process, docker, podman

    /// The runtimes that this machine offers to the tests.
    static let available = allCases.filter { $0 == .process || $0.socket != nil }
    /// The container engines that this machine offers to the tests.
    static let engines = available.filter { $0 != .process }

    /// The socket of the engine; `nil` for processes, and if the engine is not available.
    var socket: FilePath? {
        getenv("CUBE_TEST_\(rawValue.uppercased())").map { FilePath(String(cString: $0)) }
    }

    var testDescription: String { rawValue }

    /// The image of the tests, which has busybox.
    static let image = "cube-test:1"

    func options(_ world: WorkerWorld) -> WorkerOptions {
        WorkerOptions(
            name: world.name, directory: world.directory, supervisor: WorkerWorld.supervisor,
            runtimes: self == .process ? [.process] : [.docker], engineSocket: socket)
    }

    /// Returns a task that runs a shell script in this runtime and is not retried.
    func script(
        _ script: String, restart: RestartPolicy = RestartPolicy(policy: .never), stop: StopPolicy = StopPolicy(),
        _ change: (inout TaskDefinition) -> Void = { _ in }
    ) -> TaskAssignment {
        .script(script, restart: restart, stop: stop) { definition in
            if self != .process { definition.image = Self.image }
            change(&definition)
        }
    }

    /// A client of the engine, for looking at it from outside.
    var client: EngineClient { EngineClient(socket: socket!.string, clock: ContinuousClock()) }
}

extension WorkerWorld {
    /// The name of the worker, which no other world has, so that containers of other tests are not its own.
    var name: NodeName { NodeName(rawValue: "w-\(directory.lastComponent!.string.suffix(12).lowercased())")! }

    /// Runs a body with a world whose containers are removed afterwards.
    ///
    /// If the runtime is not available, the test is skipped by name.
    static func with(_ runtime: TestRuntime, _ body: (WorkerWorld) async throws -> Void) async throws {
        guard TestRuntime.available.contains(runtime) else { try Test.cancel("needs \(runtime): run .ci/with-engines") }
        try await with { world in
            let result: Result<Void, any Error>
            do { result = .success(try await body(world)) } catch { result = .failure(error) }
            if runtime.socket != nil {
                for container in try await runtime.client.containers(with: [
                    ContainerSpec.Label.worker: world.name.rawValue
                ]) {
                    // The worker may have removed it meanwhile.
                    _ = try? await runtime.client.send(.delete("/containers/\(container.name!)", [("force", "true")]))
                }
            }
            try result.get()
        }
    }

    /// Runs a worker of a runtime during the body.
    @discardableResult
    func worker<Value>(
        _ runtime: TestRuntime, _ body: (RunningWorker) async throws -> Value
    ) async throws -> Value {
        try await worker(options: runtime.options(self), body)
    }
}

/// The name of the container of the first placement of a task.
func containerName(of assignment: TaskAssignment, run: Int = 1) -> String {
    "cube-\(assignment.definition.name)-\(assignment.ordinal)-\(assignment.id)-1-\(run)"
}
