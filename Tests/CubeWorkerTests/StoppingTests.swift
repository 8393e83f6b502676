import CubeCore
import CubeTesting
import CubeTypes
import Foundation
import Glibc
import Testing

@testable import CubeWorker

/// Stopping tasks: the grace period applies to the whole task, not only to its first process.
@Suite(.timeLimit(.minutes(2)))
struct StoppingTests {
    /// A process that takes time to end: when it is asked to end, it waits at a gate.
    private static func drain(at gate: WorkerWorld.Gate) -> String {
        "trap 'echo draining; read word < \(gate.path); echo drained; exit 0' TERM; echo ready; while :; do sleep 0.01; done"
    }

    /// Prints the ID of the subshell that runs this, before anything else that the subshell prints.
    private static let ownID = "sh -c 'echo $PPID'"

    private static let patient = StopPolicy(grace: .seconds(3600))

    @Test func `Descendants have the whole grace period, even if the first process ends at once`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let gate = try world.gate("gate")
                let id = try await worker.assign(.script("(\(Self.drain(at: gate))) & wait", stop: Self.patient)).id
                try await worker.output(id, until: "ready")
                try await worker.stop(id)
                try await worker.output(id, shows: "draining")
                try await eventually { try world.runDirectory(id).outcome()?.state == .exited }
                #expect(try await worker.service.task(id).state == .stopping)
                try await gate.open()
                let task = try await worker.ended(id)
                #expect(task.state == .stopped)
                #expect(task.exit?.signal == 15)
                #expect(try await worker.output(id).hasSuffix("drained\n"))
            }
        }
    }

    @Test func `When the first process exits on its own, its children are asked to end and have the grace period`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let (gate, start) = (try world.gate("gate"), try world.gate("start"))
                let id = try await worker.assign(
                    .script("(\(Self.drain(at: gate))) & read word < \(start.path); exit 7", stop: Self.patient)
                ).id
                try await worker.output(id, until: "ready")
                try await start.open()
                try await worker.output(id, shows: "draining")
                // The run has not ended while its children are alive.
                #expect(try await worker.service.task(id).state == .running)
                try await gate.open()
                let task = try await worker.ended(id)
                #expect(task.state == .failed)
                #expect(task.exit?.code == 7)
                #expect(try await worker.output(id).hasSuffix("drained\n"))
            }
        }
    }

    @Test func `Descendants are asked to end, and are killed before the task counts as stopped`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let id = try await worker.assign(
                    .script(
                        "(\(Self.ownID); trap 'echo told' TERM; echo ready; while :; do sleep 0.01; done) & wait",
                        stop: StopPolicy(grace: .milliseconds(300)))
                ).id
                let child = try await worker.output(id, until: "ready")
                try await worker.stop(id)
                let task = try await worker.ended(id)
                #expect(task.state == .stopped)
                #expect(task.exit?.signal == 15)
                #expect(try await worker.output(id).hasSuffix("told\n"))
                #expect(try !isAlive(child))
            }
        }
    }

    @Test func `A process that left the process group is asked to end only after the group has ended`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let gate = try world.gate("gate")
                let daemon = "trap 'echo daemon asked; exit 0' TERM; : > trapped; while :; do sleep 0.01; done"
                let id = try await worker.assign(
                    .script("setsid sh -c \"\(daemon)\" & (\(Self.drain(at: gate))) & wait", stop: Self.patient)
                ).id
                try await worker.output(id, until: "ready")
                // The daemon must have set its trap; otherwise, it would end without printing anything.
                let trapped = "\(world.work(id))/trapped"
                try await eventually { access(trapped, F_OK) == 0 }
                try await worker.stop(id)
                try await worker.output(id, shows: "draining")
                try await gate.open()
                #expect(try await worker.ended(id).state == .stopped)
                #expect(try await worker.output(id).hasSuffix("draining\ndrained\ndaemon asked\n"))
            }
        }
    }

    @Test func `A process that left the process group and ignores the signal is killed at the end of the grace period`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let id = try await worker.assign(
                    .script(
                        "setsid sh -c \"trap '' TERM; echo \\$\\$; echo ready; while :; do sleep 0.01; done\" & wait; exit 3",
                        stop: StopPolicy(grace: .milliseconds(100)))
                ).id
                let daemon = try await worker.output(id, until: "ready")
                try await worker.stop(id)
                #expect(try await worker.ended(id).state == .stopped)
                #expect(try !isAlive(daemon))
            }
        }
    }

    @Test(arguments: [StopPolicy(grace: .zero), StopPolicy(signal: "SIGKILL", grace: .seconds(3600))])
    func `A second stop can shorten the grace period, even if only children are left, but never extend it`(
        _ second: StopPolicy
    ) async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let gate = try world.gate("gate")
                let assignment = TaskAssignment.script(
                    "(\(Self.ownID); \(Self.drain(at: gate))) & wait", stop: Self.patient)
                let id = try await worker.assign(assignment).id
                let child = try await worker.output(id, until: "ready")
                try await worker.stop(id)
                try await worker.output(id, shows: "draining")
                var definition = assignment.definition
                definition.stop = second
                _ = try await worker.service.updateSettings(
                    id,
                    TaskSettings(
                        cluster: WorkerWorld.cluster, term: 1, placement: 1,
                        settingsDigest: assignment.settingsDigest, definition: definition))
                try await worker.stop(id)
                #expect(try await worker.ended(id).state == .stopped)
                #expect(try !isAlive(child))
                #expect(try await !worker.output(id).contains("drained"))
            }
        }
    }

    @Test func `A changed grace period applies to the children of a program that exits on its own`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let start = try world.gate("start")
                let assignment = TaskAssignment.script(
                    "sh -c \"trap '' TERM; echo \\$\\$; echo ready; while :; do sleep 0.01; done\" & "
                        + "read word < \(start.path); exit 7", stop: Self.patient)
                let id = try await worker.assign(assignment).id
                let child = try await worker.output(id, until: "ready")
                var definition = assignment.definition
                definition.stop.grace = .milliseconds(50)
                _ = try await worker.service.updateSettings(
                    id,
                    TaskSettings(
                        cluster: WorkerWorld.cluster, term: 1, placement: 1,
                        settingsDigest: assignment.settingsDigest, definition: definition))
                try await start.open()
                #expect(try await worker.ended(id).exit?.code == 7)
                #expect(try !isAlive(child))
            }
        }
    }

    @Test func `Killing the worker during the grace period does not affect the stop`() async throws {
        try await WorkerWorld.with { world in
            let (id, gate) = try await world.worker { worker in
                let gate = try world.gate("gate")
                let id = try await worker.assign(
                    .script("(\(Self.drain(at: gate))) & wait", stop: Self.patient)
                ).id
                try await worker.output(id, until: "ready")
                try await worker.stop(id)
                try await worker.output(id, shows: "draining")
                return (id, gate)
            }
            try await world.worker { worker in
                #expect(try await worker.service.task(id).state == .stopping)
                try await gate.open()
                let task = try await worker.ended(id)
                #expect(task.state == .stopped)
                #expect(task.exit?.signal == 15)
                #expect(try await worker.output(id).hasSuffix("draining\ndrained\n"))
            }
        }
    }

    @Test func `The supervisor waits for the last of several processes that each leave another one behind`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let link = "f() { if [ $1 = 0 ]; then echo over; else f $(($1 - 1)) & fi; }; trap '' TERM; f 500"
                let id = try await worker.assign(
                    .script("setsid sh -c \"$CHAIN\"; exit 7", stop: Self.patient) { $0.env = ["CHAIN": link] }
                ).id
                #expect(try await worker.ended(id).exit?.code == 7)
                #expect(try await worker.output(id) == "over\n")
            }
        }
    }

    @Test func `A check that exceeds its timeout is asked to end before it is killed`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("echo ready; sleep 1000") {
                    $0.health.ready = HealthCheck(
                        command: ["sh", "-c", "trap 'echo bye > asked; exit 0' TERM; while :; do sleep 0.01; done"],
                        interval: .milliseconds(100), timeout: .milliseconds(500), retries: 1, startPeriod: .zero)
                }
                try await worker.assign(assignment)
                try await worker.task(assignment.id) { $0.message?.contains("timed out after 500 ms") == true }
                // On a busy machine, the first check may exceed its timeout before it has set its trap.
                let asked = "\(world.work(assignment.id))/asked"
                try await eventually { try LocalFiles.read(asked) == Array("bye\n".utf8) }
                try await worker.stop(assignment.id)
                _ = try await worker.ended(assignment.id)
            }
        }
    }
}
