import CubeCore
import CubeErrors
import CubeSystem
import CubeTesting
import CubeTypes
import Foundation
import Glibc
import Logging
import SystemPackage
import Testing

@testable import CubeWorker

extension ControlGroups {
    /// What this machine lets the user of the tests enforce.
    static let ofTests = ControlGroups.open(for: "/tmp/cube-tests-\(getpid())")

    /// Whether the tests were started in a group named `cube-worker`.
    static var isDelegated: Bool {
        // Without `/proc`, no test of the worker works.
        let memberships = (try? LocalFiles.read("/proc/self/cgroup")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return memberships.split(separator: "\n").contains { $0.hasSuffix("/\(ControlGroupLayout.delegate)") }
    }

    /// Skips a test by name if this machine does not let the user of the tests enforce all limits.
    static func require() throws {
        let obstacles = LimitObstacles(ofTests.abilities).reasons.sorted { $0.key < $1.key }
        guard let first = obstacles.first else { return }
        try Test.cancel("needs control groups: \(first.key): \(first.value)")
    }
}

/// The control groups of processes. `LimitTests` tests their effect.
@Suite(.timeLimit(.minutes(2)))
struct ProcessLimitTests {
    private static let limits = TaskLimits(memory: 64 << 20, millicores: 500, pids: 50)

    /// Returns a task that runs until it is stopped.
    private func service(
        _ script: String = "echo ready; exec sleep 1000", _ change: (inout TaskDefinition) -> Void = { _ in }
    ) -> TaskAssignment {
        .script(script, stop: StopPolicy(signal: "SIGKILL")) {
            $0.limits = Self.limits
            change(&$0)
        }
    }

    private func exists(_ paths: [String]) -> [Bool] { paths.map { access($0, F_OK) == 0 } }

    /// Returns the group of the worker in each hierarchy.
    private func workerGroups(_ world: WorkerWorld) -> [String] {
        let worker = ControlGroup.worker(in: world.directory.string)
        return Set(ControlGroups.ofTests.abilities.hierarchies.values.map { "\($0.parent)/\(worker)" }).sorted()
    }

    private func groups(_ world: WorkerWorld, _ id: TaskID) throws -> [String] {
        try world.runDirectory(id).enforcement().groups
    }

    /// Returns a new runtime in the directory of a world, as a new worker would open it.
    private func runtime(_ world: WorkerWorld) throws -> ProcessRuntime {
        try world.store.prepare()
        return ProcessRuntime.open(
            store: world.store, supervisor: WorkerWorld.supervisor.string, boot: try Machine.bootID(),
            secrets: SecretDirectory(path: "/nowhere"), passage: [], now: { .now() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func `A program, its checks and commands beside it are in the groups of the run, and the supervisor is not`()
        async throws
    {
        try ControlGroups.require()
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let task = service {
                    $0.health.ready = HealthCheck(
                        command: ["sh", "-c", "cat /proc/self/cgroup > check; exec sleep 1000"],
                        interval: .seconds(1000), timeout: .seconds(100), retries: 1, startPeriod: .zero)
                }
                try await worker.assign(task)
                #expect(try await worker.task(task.id, reaches: .running).notEnforced.isEmpty)
                let groups = try groups(world, task.id)
                let name = "\(task.id)-1-1"
                #expect(!groups.isEmpty && groups.allSatisfy { $0.hasSuffix("/\(name)") })
                let quotas = try groups.compactMap { path in
                    try LocalFiles.read("\(path)/cpu.max") ?? LocalFiles.read("\(path)/cpu.cfs_quota_us")
                }
                #expect(quotas.map { String(decoding: $0.prefix(5), as: UTF8.self) } == ["50000"])

                let check = "\(world.work(task.id))/check"
                try await eventually { try LocalFiles.read(check)?.isEmpty == false }
                let seen = String(decoding: try #require(try LocalFiles.read(check)), as: UTF8.self)
                #expect(seen.split(separator: "\n").count { $0.hasSuffix("/\(name)") } == groups.count)
                var command = try await TestCommand(
                    ExecRequest(command: ["cat", "/proc/self/cgroup"]), in: task.id, on: worker)
                #expect(try await command.code() == 0)
                #expect(command.text.split(separator: "\n").count { $0.hasSuffix("/\(name)") } == groups.count)

                let supervisor = try #require(try world.runDirectory(task.id).supervisor())
                let program = try #require(try world.runDirectory(task.id).outcome()?.program)
                for group in groups {
                    let processes = ControlGroups.processes(in: [group])
                    #expect(processes.contains(program) && !processes.contains(supervisor.id))
                }
                let metrics = try #require(try await worker.service.metrics().tasks.first)
                #expect(
                    metrics.memoryLimitBytes == 64 << 20 && metrics.memoryBytes > 0 && metrics.memoryBytes < 64 << 20)

                try await worker.stop(task.id)
                try await worker.ended(task.id)
                try await eventually { exists(groups + workerGroups(world)).allSatisfy { !$0 } }
            }
        }
    }

    @Test func `A new worker adopts the groups of a run, and removes them after the run`() async throws {
        try ControlGroups.require()
        try await WorkerWorld.with { world in
            let task = service()
            try await world.worker { worker in
                try await worker.assign(task)
                try await worker.output(task.id, until: "ready")
            }
            let groups = try groups(world, task.id)
            #expect(exists(groups).allSatisfy { $0 })
            try await world.worker { worker in
                #expect(try await worker.list().tasks.first?.notEnforced == [])
                #expect(exists(groups).allSatisfy { $0 })
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
            #expect(exists(groups + workerGroups(world)).allSatisfy { !$0 })
        }
    }

    @Test func `A run that was started without groups names its limits as not enforced, also under a new worker`()
        async throws
    {
        try ControlGroups.require()
        try await WorkerWorld.with { world in
            let task = service()
            // An earlier version wrote this file.
            let earlier = ProcessRuntime(
                store: world.store, supervisor: WorkerWorld.supervisor.string, boot: try Machine.bootID(),
                secrets: SecretDirectory(path: "/nowhere"), now: { .now() },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try world.store.prepare()
            try world.store.save(.placement(SupervisedPlacement(task, boot: earlier.boot)))
            let run = RunIdentity(task: task.id, placement: 1, number: 1, boot: earlier.boot)
            try earlier.prepare(run, task)
            try await world.worker { worker in
                let running = try await worker.task(task.id, reaches: .running)
                #expect(running.notEnforced == ["limits.memory", "limits.cpu", "limits.pids"])
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    @Test func `A new worker removes groups that no run needs, and keeps those of a run that may still start`()
        async throws
    {
        try ControlGroups.require()
        try await WorkerWorld.with { world in
            let task = service()
            let killed = try runtime(world)
            try world.store.save(.placement(SupervisedPlacement(task, boot: killed.boot)))
            let run = RunIdentity(task: task.id, placement: 1, number: 1, boot: killed.boot)
            try killed.prepare(run, task)
            let needed = try groups(world, task.id)
            let gone = RunIdentity(task: service().id, placement: 1, number: 1, boot: killed.boot)
            let unneeded = try killed.makeGroups(gone, Self.limits).groups
            let others = workerGroups(world).map { "\($0)/other" }
            for path in others + workerGroups(world).map({ "\($0)/probe-1" }) { #expect(mkdir(path, 0o755) == 0) }

            let next = try runtime(world)
            #expect(exists(needed).allSatisfy { $0 } && exists(unneeded).allSatisfy { !$0 })
            #expect(exists(workerGroups(world).map { "\($0)/probe-1" }).allSatisfy { !$0 })
            // Groups with other names belong to someone else.
            #expect(exists(others).allSatisfy { $0 })
            for path in others { rmdir(path) }
            guard case .ended(.neverStarted) = try await next.abandon(run) else {
                Issue.record("the run was started")
                return
            }
            #expect(exists(needed + workerGroups(world)).allSatisfy { !$0 })
        }
    }

    @Test func `When a supervisor is killed, a process is found in the group even if nothing else marks it`()
        async throws
    {
        try ControlGroups.require()
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let task = service("env -i setsid sleep 1000 & echo $!; exec sleep 1000")
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
                try await eventually { try await worker.output(task.id).hasSuffix("\n") }
                let hidden = try await worker.output(task.id)
                let groups = try groups(world, task.id)
                let id = try #require(pid_t(hidden.dropLast()))
                try await eventually { ProcessTable.Entry(id)?.name == "sleep" }
                try #require(try world.runDirectory(task.id).supervisor()).signal(SIGKILL)
                #expect(try await worker.ended(task.id).reason == .supervisorLost)
                #expect(try !isAlive(hidden))
                #expect(exists(groups).allSatisfy { !$0 })
            }
        }
    }

    @Test func `If a program succeeds although a process of its own ran out of memory, it did not run out of memory`()
        async throws
    {
        try ControlGroups.require()
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let script = "sh -c 'x=$(head -c 100000000 /dev/zero | tr \"\\0\" x)'; echo child $?"
                let end = try await worker.ended(worker.assign(service(script) { $0.limits.memory = 16 << 20 }).id)
                if ControlGroups.ofTests.abilities.hierarchies[.memory]?.version == .two {
                    // The kernel ends the whole group.
                    #expect(end.state == .failed && end.reason == .outOfMemory && end.exit?.signal == 9)
                } else {
                    #expect(end.state == .completed && end.exit?.oom == false)
                    #expect(try await worker.output(end.id).contains("child 137"))
                }
            }
        }
    }

    @Test func `A task whose limits cannot be set at present is not started, and the cause is known`() async throws {
        try await WorkerWorld.with { world in
            // A directory without the files of a control group.
            let parent = world.directory.appending("groups").string
            try world.store.prepare()
            try LocalFiles.makeDirectory(parent)
            var abilities = ControlGroupAbilities()
            abilities.hierarchies[.pids] = ControlGroupHierarchy(version: .one, parent: parent)
            let runtime = ProcessRuntime(
                store: world.store, supervisor: WorkerWorld.supervisor.string, boot: try Machine.bootID(),
                secrets: SecretDirectory(path: "/nowhere"), groups: ControlGroups(abilities, worker: "cube-x"),
                now: { .now() }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let task = service()
            try world.store.save(.placement(SupervisedPlacement(task, boot: runtime.boot)))
            let run = RunIdentity(task: task.id, placement: 1, number: 1, boot: runtime.boot)
            let error = await #expect(throws: APIError.self) { try await runtime.start(run, of: task) }
            let file = "\(parent)/cube-x/\(task.id)-1-1/pids.max"
            #expect(error?.message == "the limits of the task cannot be set: \(file): No such file or directory")
            #expect(error?.reason == .unavailable)
            #expect(!world.runDirectory(task.id).hasLaunch)
            #expect(try LocalFiles.names(in: parent).isEmpty)
        }
    }
}
