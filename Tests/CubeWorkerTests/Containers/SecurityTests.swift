import CubeCore
import CubeTypes
import Testing

@testable import CubeWorker

/// What a container may do beyond the safe default, and below it.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: !TestRuntime.engines.isEmpty, "needs a container engine: run .ci/with-engines"))
struct SecurityTests {
    /// Runs a task to its end on a worker with some allowances, and returns its end and its output.
    private func run(
        _ task: TaskAssignment, on engine: TestRuntime, _ allowances: NodeAllowances = .none
    ) async throws -> (end: WorkerTask, output: String) {
        var result: (WorkerTask, String)?
        try await WorkerWorld.with(engine) { world in
            var options = engine.options(world)
            options.allowances = allowances
            try await world.worker(options: options) { worker in
                try await worker.assign(task)
                let end = try await worker.ended(task.id)
                result = (end, try await worker.output(task.id))
            }
        }
        return try #require(result)
    }

    @Test(arguments: TestRuntime.engines)
    func `The root file system of a container is read-only if its manifest says so`(engine: TestRuntime) async throws {
        let script = "touch /file 2>/dev/null && echo written || echo refused"
        #expect(try await run(engine.script(script), on: engine).output == "written\n")
        let task = engine.script(script) { $0.security.readOnlyRoot = true }
        #expect(try await run(task, on: engine).output == "refused\n")
    }

    @Test(arguments: TestRuntime.engines)
    func `A container has a capability that its worker allows`(engine: TestRuntime) async throws {
        let script = "while read key value; do [ $key = CapEff: ] && echo $value; done </proc/self/status"
        func hasCapability(_ output: String) throws -> Bool {
            let bits = try #require(UInt64(output.trimmingPrefix("0").prefix { $0 != "\n" }, radix: 16))
            return bits & 1 << 12 != 0
        }
        #expect(try await !hasCapability(run(engine.script(script), on: engine).output))
        let task = engine.script(script) { $0.security.capabilities = ["NET_ADMIN"] }
        let allowed = NodeAllowances(capabilities: ["NET_ADMIN"])
        #expect(try await hasCapability(run(task, on: engine, allowed).output))
    }

    @Test(arguments: TestRuntime.engines)
    func `A container has a device that its worker allows`(engine: TestRuntime) async throws {
        let script = "[ -c /dev/loop-control ] && echo device || echo none"
        #expect(try await run(engine.script(script), on: engine).output == "none\n")
        let task = engine.script(script) { $0.security.devices = ["/dev/loop-control"] }
        #expect(
            try await run(task, on: engine, NodeAllowances(devices: ["/dev/loop-control"])).output == "device\n")
    }

    @Test(arguments: TestRuntime.engines)
    func `A worker starts nothing that it does not allow, whatever its manager says`(engine: TestRuntime) async throws {
        let task = engine.script("echo started") {
            $0.security = TaskSecurity(capabilities: ["NET_ADMIN"], devices: ["/dev/loop-control"])
        }
        let (end, output) = try await run(task, on: engine, NodeAllowances(capabilities: ["NET_ADMIN"]))
        #expect(end.state == .failed && end.reason == .startFailed && output.isEmpty)
        #expect(
            end.message?.contains(
                "this node does not allow device /dev/loop-control; start its worker with --allow-device "
                    + "/dev/loop-control") == true)
    }
}
