import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Foundation
import Logging
import Testing

@testable import CubeWorker

@Suite(.timeLimit(.minutes(2)))
struct CallTests {
    @Test
    func
        `Assigning a placement again returns its task, an older placement is refused, and a newer one waits for the end`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                var assignment = TaskAssignment.script("echo ready; sleep 1000", placement: 2)
                #expect(try await worker.service.assign(assignment).created)
                #expect(try await !worker.service.assign(assignment).created)
                try await worker.output(assignment.id, until: "ready")
                for placement in [1, 3] {
                    assignment.placement = placement
                    await #expect { try await worker.assign(assignment) } throws: {
                        ($0 as? APIError)?.reason == .conflict
                    }
                }
                // A stop of an older placement does not affect the newer one.
                #expect(try await worker.stop(assignment.id, placement: 1).state == .running)
                try await worker.stop(assignment.id, placement: 2)
                _ = try await worker.ended(assignment.id)
                #expect(try await worker.service.assign(assignment).created)
                try await worker.task(assignment.id) { $0.placement == 3 && $0.state == .running }
                try await worker.stop(assignment.id, placement: 3)
                _ = try await worker.ended(assignment.id)
            }
        }
    }

    @Test func `A stop that arrives before its task prevents the task from starting, also under the next worker`()
        async throws
    {
        try await WorkerWorld.with { world in
            let assignment = TaskAssignment.script("exit 0")
            try await world.worker { worker in
                let task = try await worker.stop(assignment.id)
                #expect(task.reason == .stoppedBeforeStart)
            }
            try await world.worker { worker in
                let (task, created) = try await worker.service.assign(assignment)
                #expect(!created)
                #expect(task.state == .stopped)
            }
        }
    }

    @Test func `A call from another cluster or with a lower term is refused, also by the next worker`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                try await worker.assign(.script("exit 0", term: 5))
            }
            try await world.worker { worker in
                let other = ClusterID(rawValue: "99999999-2222-3333-4444-555555555555")!
                await #expect { try await worker.assign(.script("exit 0", term: 4)) } throws: {
                    ($0 as? APIError)?.reason == .staleTerm
                }
                await #expect { try await worker.assign(.script("exit 0", term: 6, cluster: other)) } throws: {
                    ($0 as? APIError)?.reason == .foreignCluster
                }
                #expect(await worker.service.status().term == 5)
            }
        }
    }

    @Test func `A definition that the worker cannot run is refused before it is accepted`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                await #expect { try await worker.assign(.script("") { $0.image = "web:1" }) } throws: {
                    ($0 as? APIError)?.fields.map(\.field) == ["definition.image"]
                }
                let tasks = try await worker.list().tasks
                #expect(tasks.isEmpty)
                await #expect { try await worker.service.task(TaskAssignment.script("").id) } throws: {
                    ($0 as? APIError)?.reason == .taskNotFound
                }
            }
        }
    }

    @Test
    func `The settings digest is optional, and settings that this version does not know are reported as not enforced`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("echo ready; sleep 1000")
                let task = try await worker.assign(assignment)
                #expect(task.settingsDigest == assignment.definition.settingsDigest)
                try await worker.output(assignment.id, until: "ready")
                var settings = TaskSettings(
                    cluster: WorkerWorld.cluster, term: 1, placement: 1, definition: assignment.definition)
                settings.definition.labels = ["team": "shop"]
                let changed = try await worker.service.updateSettings(assignment.id, settings)
                #expect(changed.settingsDigest == settings.definition.settingsDigest)

                let zeros = Digest(rawValue: "sha256:" + String(repeating: "0", count: 64))!
                settings.settingsDigest = zeros
                let newer = try await worker.service.updateSettings(assignment.id, settings)
                #expect(newer.settingsDigest == zeros)
                #expect(newer.notEnforced.contains("settings"))
                #expect(!changed.notEnforced.contains("settings"))
                let id = assignment.id
                var other = TaskAssignment.script("exit 0")
                other.settingsDigest = zeros
                let assigned = try await worker.assign(other)
                #expect(assigned.settingsDigest == zeros && assigned.notEnforced.contains("settings"))
                // A service without restart settings in its manifest, as an older version stored it.
                var older = TaskAssignment.script("exit 0", restart: RestartPolicy(policy: .never, max: 10))
                older.settingsDigest = TaskAssignment.script("exit 0").definition.settingsDigest
                _ = try await worker.ended(worker.assign(older).id)
                try await worker.stop(id)
                _ = try await worker.ended(id)
            }
        }
    }

    @Test func `A known placement with another definition is a conflict, but other settings are not`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("echo ready; sleep 1000")
                try await worker.assign(assignment)
                try await worker.output(assignment.id, until: "ready")
                var labelled = assignment
                labelled.definition.labels = ["team": "shop"]
                #expect(try await !worker.service.assign(labelled).created)
                let changes: [@Sendable (inout TaskAssignment) -> Void] = [
                    { $0.definition.command = ["false"] }, { $0.definition.env = ["A": "b"] }, { $0.ordinal += 1 },
                    { $0.owner = .manual }, { $0.definition.name = WorkloadName(rawValue: "other")! },
                ]
                for change in changes {
                    var other = assignment
                    change(&other)
                    let given = other
                    let error = await #expect(throws: APIError.self) { try await worker.assign(given) }
                    #expect(error?.reason == .conflict && error?.retry == false)
                }
                #expect(try await worker.service.task(assignment.id).state == .running)
                try await worker.stop(assignment.id)
                _ = try await worker.ended(assignment.id)
            }
        }
    }

    @Test
    func `A list since a sequence number holds the changes, and a list since another incarnation holds everything`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let first = try await worker.ended(worker.assign(.script("exit 0")).id)
                let list = try await worker.list()
                #expect(list.complete)
                let second = try await worker.ended(worker.assign(.script("exit 0")).id)
                #expect(try await worker.list(since: list.sequence).tasks == [second])
                let all = try await worker.service.list(
                    since: list.sequence, incarnation: "another", term: 1, cluster: WorkerWorld.cluster, wait: .zero)
                #expect(all.complete)
                #expect(all.tasks == [first, second].sorted { $0.id < $1.id })
                let none = try await worker.list(since: all.sequence, wait: .zero)
                #expect(none.tasks.isEmpty)
            }
        }
    }

    @Test func `Settings change while the program runs, and the next stop uses them`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script(
                    "trap 'exit 8' HUP; trap '' TERM; echo ready; while :; do sleep 0.01; done",
                    stop: StopPolicy(grace: .seconds(600)))
                try await worker.assign(assignment)
                try await worker.output(assignment.id, until: "ready")
                var definition = assignment.definition
                definition.stop.signal = "SIGHUP"
                let task = try await worker.service.updateSettings(
                    assignment.id,
                    TaskSettings(
                        cluster: WorkerWorld.cluster, term: 1, placement: 1, settingsDigest: definition.settingsDigest,
                        definition: definition))
                #expect(task.settingsDigest == definition.settingsDigest)
                #expect(task.state == .running)
                try await worker.stop(assignment.id)
                #expect(try await worker.ended(assignment.id).exit?.code == 8)
            }
        }
    }

    @Test func `A task is removed a day after its end if the manager knows of the end`() async throws {
        try await WorkerWorld.with { world in
            let id = TaskAssignment.script("").id
            // The wall clock is set back by a year, which must not delay the removal.
            let days = { @Sendable (count: Int) -> @Sendable () -> DurableInstant in
                {
                    DurableInstant(
                        boot: "a", uptime: .seconds(count * 24 * 3600),
                        wall: Timestamp(milliseconds: 1_700_000_000_000) + .seconds(-count * 365 * 24 * 3600))
                }
            }
            try await world.worker(now: days(1)) { try await $0.stop(id) }
            let service = try await WorkerService.open(
                WorkerOptions(
                    name: NodeName(rawValue: "w1")!, directory: world.directory, supervisor: WorkerWorld.supervisor),
                registrar: nil, clock: ContinuousClock(), now: days(2), random: .system, logger: .init(label: "test"))
            let worker = RunningWorker(service: service)
            await service.forget()
            let list = try await worker.list()
            #expect(list.tasks.map(\.id) == [id])
            _ = try await worker.list(since: list.sequence, wait: .zero)
            await service.forget()
            #expect(try await worker.list(since: list.sequence, wait: .zero).removed == [id])
            #expect(try world.store.tasks().isEmpty)
        }
    }

    @Test func `A worker registers when its address is known, and stays in the cluster that it joined`() async throws {
        struct Registrar: ManagerRegistrar {
            let registering: AsyncStream<WorkerInfo>.Continuation
            func register(_ worker: WorkerInfo) async throws -> WorkerWelcome {
                registering.yield(worker)
                return WorkerWelcome(cluster: WorkerWorld.cluster, term: 3)
            }
        }
        try await WorkerWorld.with { world in
            let (registered, registering) = AsyncStream.makeStream(of: WorkerInfo.self)
            try await world.worker(registrar: Registrar(registering: registering)) { worker in
                await worker.service.advertise(url: "http://127.0.0.1:1")
                let info = await registered.first { _ in true }
                #expect(info?.url == "http://127.0.0.1:1")
                #expect(info?.runtimes == ["process"])
                #expect(info?.capacity.memory ?? 0 > 0)
            }
        }
    }
}
