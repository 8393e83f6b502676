import CubeCore
import CubeSystem
import CubeTesting
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import CubeWorker

/// Exclusive tasks as containers: a watchdog ends them when their lease ends.
@Suite(.timeLimit(.minutes(2)))
struct ContainerLeaseTests {
    private static let script = "trap '' TERM; echo ready; while :; do sleep 0.1; done"

    private static func exclusive(_ engine: TestRuntime, receipt: String?) -> TaskAssignment {
        var assignment = engine.script(
            script, restart: RestartPolicy(policy: .always), stop: StopPolicy(signal: "SIGKILL")
        ) { $0.exclusive = true }
        assignment.receipt = receipt
        return assignment
    }

    /// Starts an exclusive task, and stays in contact until it is ready: an engine that is busy may take longer than a lease.
    private static func start(
        _ engine: TestRuntime, on worker: RunningWorker, length: Duration = .seconds(5)
    ) async throws -> TaskAssignment {
        var receipt = try await worker.contact(length: length)
        let task = exclusive(engine, receipt: receipt)
        try await worker.assign(task)
        while case let state = try await worker.service.task(task.id).state, state != .running, !state.hasEnded {
            try Task.checkCancellation()
            receipt = try await worker.contact(receipt, length: length)
            _ = try await worker.list(since: await worker.service.table.sequence, wait: length / 20)
        }
        try await worker.output(task.id, until: "ready")
        _ = try await worker.contact(receipt, length: length)
        return task
    }

    @Test(arguments: [TestRuntime.docker, .podman])
    func `the container of an exclusive task is killed when its lease ends, and not started again`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            try await world.worker(engine) { worker in
                let id = try await Self.start(engine, on: worker).id
                let running = try await worker.service.task(id)
                #expect(running.notEnforced == [])
                let ended = try await worker.ended(id)
                #expect(ended.state == .stopped && ended.reason == .leaseLost && ended.run == 1)
                // The watchdog is reaped.
                try await eventually { try world.runDirectory(id).watchdog() == nil }
            }
        }
    }

    @Test(arguments: [TestRuntime.docker, .podman])
    func `it is killed if no worker is left, and the next worker says why`(engine: TestRuntime) async throws {
        try await WorkerWorld.with(engine) { world in
            let (task, watchdog) = try await world.worker(engine) { worker in
                let task = try await Self.start(engine, on: worker)
                return (task, try #require(try world.runDirectory(task.id).watchdog()))
            }
            try await watchdog.end()
            let container = try await engine.client.container(containerName(of: task))
            #expect(container?.status.phase == .exited)
            try await world.worker(engine) { worker in
                let ended = try await worker.ended(task.id)
                #expect(ended.state == .stopped && ended.reason == .leaseLost)
            }
        }
    }

    @Test(arguments: [TestRuntime.docker, .podman])
    func `it runs as long as its lease is renewed, also by another worker and after its watchdog was killed`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let length = Duration.seconds(5)
            let id = try await world.worker(engine) { worker in
                let id = try await Self.start(engine, on: worker, length: length).id
                try await worker.stayInContact(until: BootClock.uptime + length, length: length)
                return id
            }
            let first = try #require(try world.runDirectory(id).watchdog())
            try await world.worker(engine) { worker in
                try await worker.stayInContact(until: BootClock.uptime + length, length: length)
                try first.signal(SIGKILL)
                try await worker.stayInContact(until: BootClock.uptime + length, length: length)
                let second = try #require(try world.runDirectory(id).watchdog())
                #expect(second.id != first.id)
                let task = try await worker.service.task(id)
                #expect(task.state == .running && task.run == 1)
                // Without contact, the second watchdog ends it.
                #expect(try await worker.ended(id).reason == .leaseLost)
            }
        }
    }

    @Test func `the watchdog of a container that was removed before its start makes way for that of the next one`()
        async throws
    {
        try await WorkerWorld.with { world in
            let run = world.runDirectory(TaskID(rawValue: "0f3c0000-0000-5000-8000-000000000000")!)
            try FileManager.default.createDirectory(atPath: run.path, withIntermediateDirectories: true)
            try run.write(lease: BootClock.uptime + .seconds(600))
            let watchdogs = ContainerWatchdogs(supervisor: WorkerWorld.supervisor.string)
            func watched() throws -> String? {
                try run.watchdog().flatMap { ProcessTable.strings("cmdline", of: $0.id).last }
            }
            try await watchdogs.start(for: run, "first")
            let first = try run.watchdog()?.id
            try await watchdogs.start(for: run, "first")
            #expect(try watched() == "first" && run.watchdog()?.id == first)
            try await watchdogs.start(for: run, "second")
            #expect(try watched() == "second" && watchdogs.isWatching(run))
            try await watchdogs.dismiss(run)?.end()
            #expect(try watched() == nil)
        }
    }

    @Test(arguments: [TestRuntime.docker, .podman])
    func `a container whose task becomes exclusive gets a watchdog, and loses it with the exclusivity`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            try await world.worker(engine) { worker in
                var plain = engine.script(Self.script, stop: StopPolicy(signal: "SIGKILL"))
                let id = try await worker.assign(plain).id
                try await worker.output(id, until: "ready")
                let length = Duration.seconds(4)
                func set(exclusive: Bool) async throws {
                    plain.definition.exclusive = exclusive
                    _ = try await worker.service.updateSettings(
                        id,
                        TaskSettings(cluster: WorkerWorld.cluster, term: 1, placement: 1, definition: plain.definition))
                }
                _ = try await worker.contact(try await worker.contact(length: length), length: length)
                try await set(exclusive: true)
                try await eventually { try world.runDirectory(id).watchdog() != nil }
                try await set(exclusive: false)
                try await eventually { try world.runDirectory(id).watchdog() == nil }
                try await worker.stayInContact(until: BootClock.uptime + length, length: length)
                #expect(try await worker.service.task(id).state == .running)
                try await set(exclusive: true)
                try await set(exclusive: false)
                try await set(exclusive: true)
                #expect(try await worker.ended(id).reason == .leaseLost)
            }
        }
    }
}
