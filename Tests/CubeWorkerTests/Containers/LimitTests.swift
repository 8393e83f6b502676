import CubeCore
import CubeTypes
import Glibc
import Testing

@testable import CubeWorker

/// The limits of tasks. Without `.ci/with-engines`, only processes are tested.
@Suite(.timeLimit(.minutes(2)))
struct LimitTests {
    /// Runs a script to its end, and returns its end and its output.
    private func run(
        _ script: String, on runtime: TestRuntime, _ limits: TaskLimits
    ) async throws -> (end: WorkerTask, output: String) {
        var result: (WorkerTask, String)?
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script(script) { $0.limits = limits }
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                let end = try await worker.ended(task.id)
                result = (end, try await worker.output(task.id))
            }
        }
        return try #require(result)
    }

    @Test(arguments: TestRuntime.available)
    func `A task cannot open more files than its limit, nor raise it`(runtime: TestRuntime) async throws {
        let (end, output) = try await run("ulimit -n; ulimit -Hn", on: runtime, TaskLimits(openFiles: 123))
        if runtime == .podman, end.message?.contains("rlimit type 6") == true {
            // With any limit, Podman also sets its own limit of processes.
            try Test.cancel("needs a machine on which Podman may set its limit of processes")
        }
        #expect(output == "123\n123\n")
        #expect(end.notEnforced.isEmpty)
    }

    @Test func `The status of a process names the limits that are not enforced, and no reservation`() async throws {
        let limits = TaskLimits(memory: 64 << 20, millicores: 500, pids: 10, openFiles: 100, disk: 1 << 30)
        let end = try await run("true", on: .process, limits).end
        let enforced = ControlGroups.ofTests.abilities.enforced
        #expect(
            end.notEnforced == ["limits.memory", "limits.cpu", "limits.pids"].filter { !enforced.contains($0) } + [
                "limits.disk"
            ])
        if geteuid() != 0, !ControlGroups.isDelegated { #expect(enforced.isEmpty) }
        try await WorkerWorld.with(.process) { world in
            let task = TestRuntime.process.script("true") { $0.resources = ResourceSpec(millicores: 10, memory: 1000) }
            try await world.worker(.process) { worker in
                try await worker.assign(task)
                #expect(try await worker.ended(task.id).notEnforced.isEmpty)
            }
        }
        // A process cannot have more open files than its worker.
        let hard = Int(clamping: OpenFileLimit.hard)
        if hard < 1_048_576 {
            let end = try await run("true", on: .process, TaskLimits(openFiles: 1_048_576)).end
            #expect(end.notEnforced == ["limits.open_files"])
        }
    }

    @Test(arguments: TestRuntime.available)
    func `A task that uses more memory than its limit is killed, and its reason says so`(
        runtime: TestRuntime
    ) async throws {
        let script = "x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo survived"
        let (end, output) = try await run(script, on: runtime, TaskLimits(memory: 16 << 20))
        guard end.notEnforced.isEmpty else {
            #expect(end.notEnforced == ["limits.memory"] && output == "survived\n")
            return
        }
        // The kernel may kill a child before the shell, which may then say so.
        #expect(end.state == .failed && !output.contains("survived"), "\(output)")
        // Podman does not notice it with version 1 of control groups: the program was killed, and nothing says why.
        if runtime != .podman { #expect(end.reason == .outOfMemory && end.exit?.oom == true) }
    }

    @Test(arguments: TestRuntime.available)
    func `A task starts no more processes than its limit`(runtime: TestRuntime) async throws {
        let script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 5 & done; echo all"
        let (end, output) = try await run(script, on: runtime, TaskLimits(pids: 8))
        #expect(end.notEnforced == (output.hasSuffix("all\n") ? ["limits.pids"] : []))
        #expect(output.contains("fork") != output.hasSuffix("all\n"), "\(output)")
    }

    @Test(arguments: TestRuntime.engines)
    func `A container gets the CPU time of its limit, and no engine limits its disk`(engine: TestRuntime) async throws {
        let script = "cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null; true"
        let (end, output) = try await run(script, on: engine, TaskLimits(millicores: 500, disk: 1 << 30))
        #expect(end.notEnforced.contains("limits.disk"))
        // Some machines show containers no control groups.
        if !output.isEmpty, !end.notEnforced.contains("limits.cpu") { #expect(output.hasPrefix("50000"), "\(output)") }
    }
}
