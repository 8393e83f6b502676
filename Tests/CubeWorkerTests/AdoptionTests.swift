import CubeCore
import CubeSystem
import CubeTypes
import Foundation
import Glibc
import Logging
import SystemPackage
import Testing

@testable import CubeWorker

@Suite(.timeLimit(.minutes(2)))
struct AdoptionTests {
    @Test func `A new worker adopts running tasks and can stop them`() async throws {
        try await WorkerWorld.with { world in
            let assignment = TaskAssignment.script("trap 'exit 6' TERM; echo ready; while :; do sleep 0.01; done")
            let before = try await world.worker { worker in
                try await worker.assign(assignment)
                try await worker.output(assignment.id, until: "ready")
                return try await worker.task(assignment.id, reaches: .running)
            }
            try await world.worker { worker in
                #expect(try await worker.list().tasks == [before])
                #expect(try await !worker.service.assign(assignment).created)
                try await worker.stop(assignment.id)
                #expect(try await worker.ended(assignment.id).exit?.code == 6)
            }
        }
    }

    @Test func `A new worker learns how a program ended while no worker was running`() async throws {
        try await WorkerWorld.with { world in
            let (id, gate) = try await world.worker { worker in
                let gate = try world.gate("gate")
                let id = try await worker.assign(.script("read word < '\(gate.path)'; exit 5")).id
                try await worker.task(id, reaches: .running)
                return (id, gate)
            }
            let supervisor = try #require(try world.runDirectory(id).supervisor())
            try await gate.open()
            try await supervisor.end()
            try await world.worker { worker in
                let task = try #require(try await worker.list().tasks.first)
                #expect(task.state == .failed)
                #expect(task.exit?.code == 5)
            }
        }
    }

    @Test func `A stop that was requested before the worker died is carried out by the next worker`() async throws {
        try await WorkerWorld.with { world in
            let assignment = TaskAssignment.script("trap '' TERM; echo ready; while :; do sleep 1; done")
            try await world.worker { worker in
                try await worker.assign(assignment)
                try await worker.output(assignment.id, until: "ready")
            }
            // The state after a kill between the write of the record and the signal.
            let record = try #require(try world.store.record(of: assignment.id))
            guard case .placement(var value) = record else {
                Issue.record("the task's record is not a placement: \(record)")
                return
            }
            var settings = TaskSettings(
                cluster: WorkerWorld.cluster, term: 1, placement: 1, settingsDigest: assignment.settingsDigest,
                definition: assignment.definition)
            settings.definition.stop.grace = .zero
            value.settingsChanged(settings)
            value.stopRequested(now: .now(boot: "any"))
            try world.store.save(.placement(value))
            try await world.worker { worker in
                let task = try await worker.ended(assignment.id)
                #expect(task.state == .stopped)
            }
        }
    }

    @Test func `The death of a supervisor never counts as success, and no process of its run survives`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let id = try await worker.assign(.script("setsid sleep 1000 & echo $!; echo ready; sleep 1000")).id
                let child = try await worker.output(id, until: "ready")
                try #require(try world.runDirectory(id).supervisor()).signal(SIGKILL)
                let task = try await worker.ended(id)
                #expect(task.state == .failed)
                #expect(task.reason == .supervisorLost)
                #expect(try !isAlive(child))
            }
        }
    }

    @Test func `A run whose supervisor died while no worker was running is lost as well`() async throws {
        try await WorkerWorld.with { world in
            let assignment = TaskAssignment.script("setsid sleep 1000 & echo $!; echo ready; sleep 1000")
            let child = try await world.worker { worker in
                try await worker.assign(assignment)
                return try await worker.output(assignment.id, until: "ready")
            }
            let supervisor = try #require(try world.runDirectory(assignment.id).supervisor())
            try supervisor.signal(SIGKILL)
            try await supervisor.end()
            try await world.worker { worker in
                let task = try await worker.ended(assignment.id)
                #expect(task.reason == .supervisorLost)
                #expect(try !isAlive(child))
            }
        }
    }

    @Test func `If several supervisors are started for a run, its program starts once`() async throws {
        try await WorkerWorld.with { world in
            let (runtime, run, ledger) = try prepared(world)
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        let spawned = try Spawned(
                            WorkerWorld.supervisor.string, [world.runDirectory(run.task).path])
                        _ = try await spawned.errorOutput()
                    }
                }
                try await group.waitForAll()
            }
            // The first supervisor to finish starting is not necessarily the one that supervises the program.
            _ = try await runtime.find(run)
            guard case .exited = try await runtime.end(of: run) else {
                Issue.record("the run has not exited")
                return
            }
            // A supervisor that starts after the run has ended.
            let late = try Spawned(WorkerWorld.supervisor.string, [world.runDirectory(run.task).path])
            #expect(try await late.errorOutput().contains("exists"))
            #expect(try String(contentsOfFile: ledger.string, encoding: .utf8) == "started\n")
        }
    }

    @Test func `A supervisor that starts late does not start a run that was abandoned`() async throws {
        try await WorkerWorld.with { world in
            let (runtime, run, ledger) = try prepared(world)
            #expect(try await runtime.abandon(run) == .ended(.neverStarted))
            let late = try Spawned(WorkerWorld.supervisor.string, [world.runDirectory(run.task).path])
            #expect(try await !late.errorOutput().isEmpty)
            #expect(!FileManager.default.fileExists(atPath: ledger.string))
            #expect(try await runtime.find(run) == .ended(.neverStarted))
        }
    }

    @Test func `After a reboot, a run without a recorded exit counts as ended by the reboot`() async throws {
        try await WorkerWorld.with { world in
            let assignment = TaskAssignment.script("exit 0")
            try world.store.prepare()
            try world.store.save(.placement(SupervisedPlacement(assignment, boot: "an earlier start")))
            try await world.worker { worker in
                let task = try await worker.ended(assignment.id)
                #expect(task.state == .failed)
                #expect(task.reason == .nodeRebooted)
            }
        }
    }

    @Test func `Supervisors whose run directory was removed are found and can be stopped`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let id = try await worker.assign(.script("echo ready; sleep 1000")).id
                try await worker.output(id, until: "ready")
                #expect(SupervisorProcess.all(below: world.directory).map(\.place) == [.unchanged])
            }
            let (path, moved) = (world.directory.string, world.directory.string + ".moved")
            try #require(rename(path, moved) == 0)
            let away = try #require(SupervisorProcess.all(below: world.directory).first)
            #expect(away.currentDirectory.starts(with: FilePath(moved)) && away.place != .removed)
            // A link at the old path leads to the same directory, so the path is still right.
            try #require(symlink(moved, path) == 0)
            #expect(SupervisorProcess.all(below: world.directory).map(\.place) == [.unchanged])
            try #require(unlink(path) == 0 && rename(moved, path) == 0)
            try LocalFiles.remove(world.directory.string)
            let orphan = try #require(SupervisorProcess.all(below: world.directory).first)
            #expect(orphan.place == .removed)
            let process = try #require(try ProcessDescriptor(orphan.process))
            try orphan.askToEnd()
            try await process.end()
            #expect(SupervisorProcess.all(below: world.directory).isEmpty)
        }
    }

    /// Prepares a run with a launch file that nobody has started. Its program appends a line to the ledger.
    private func prepared(_ world: WorkerWorld) throws -> (ProcessRuntime, RunIdentity, ledger: FilePath) {
        let ledger = world.directory.appending("ledger")
        let assignment = TaskAssignment.script("echo started >> '\(ledger)'")
        try world.store.prepare()
        try world.store.save(.placement(SupervisedPlacement(assignment, boot: try Machine.bootID())))
        let runtime = ProcessRuntime(
            store: world.store, supervisor: WorkerWorld.supervisor.string, boot: try Machine.bootID(),
            secrets: SecretDirectory(path: "/nowhere"), now: { .now() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let run = RunIdentity(task: assignment.id, placement: 1, number: 1, boot: runtime.boot)
        try runtime.prepare(run, assignment)
        return (runtime, run, ledger)
    }
}
