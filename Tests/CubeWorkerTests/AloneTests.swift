import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Logging
import SystemPackage
import Testing

@testable import CubeWorker

@Suite("A worker without a manager", .timeLimit(.minutes(2)))
struct AloneTests {
    private func definition(
        _ script: String, id: String? = nil, name: String = "task", _ change: (inout TaskDefinition) -> Void = { _ in }
    ) -> TaskDefinition {
        var definition = TaskDefinition(
            id: id, name: WorkloadName(rawValue: name)!, command: ["sh", "-c", script],
            restart: RestartPolicy(policy: .never))
        change(&definition)
        return definition
    }

    @Test func `a worker that is configured to join a manager accepts no direct task before it has joined`()
        async throws
    {
        try await WorkerWorld.with { world in
            let options = WorkerOptions(
                name: NodeName(rawValue: "w1")!, directory: world.directory, supervisor: WorkerWorld.supervisor,
                isToJoin: true)
            try await world.worker(options: options) { worker in
                let error = await #expect(throws: APIError.self) {
                    _ = try await worker.service.submit(self.definition("exit 0"))
                }
                #expect(error?.reason == .conflict)
                #expect(await worker.service.info().cluster == nil)
            }
        }
    }

    @Test func `a task outlives its worker, is adopted by the next worker, and stops on request`()
        async throws
    {
        try await WorkerWorld.with { world in
            let definition = definition("echo $PORT_HTTP; echo ready; sleep 1000", id: "deploy-42") {
                $0.ports = [PortSpec(name: "http")]
            }
            var first: WorkerTask?
            var cluster: ClusterID?
            try await world.worker { worker in
                let (task, created) = try await worker.service.submit(definition)
                #expect(created && task.placement == 1)
                try await worker.output(task.id, shows: "ready")
                let number = try await Int(worker.output(task.id, tail: 2).prefix { $0 != "\n" })
                #expect(PortSpec.allocated.contains(number ?? 0))
                first = task
                cluster = await worker.service.info().cluster
                #expect(cluster?.isOfWorker == true)
            }
            try await world.worker { worker in
                #expect(await worker.service.info().cluster == cluster)
                let (task, created) = try await worker.service.submit(definition)
                #expect(!created && task.id == first?.id && task.state == .running && task.run == 1)
                let other = await #expect(throws: APIError.self) {
                    _ = try await worker.service.submit(self.definition("exit 0", id: "deploy-42"))
                }
                #expect(other?.reason == .conflict)
                let next = try await worker.service.submit(self.definition("exit 0")).task
                #expect(next.id != task.id)
                _ = try await worker.service.stop(task.id)
                #expect(try await state(of: task.id, on: worker) == .stopped)
                #expect(try await state(of: next.id, on: worker) == .completed)
            }
        }
    }

    /// Waits for a task to end and returns its state.
    private func state(of id: TaskID, on worker: RunningWorker) async throws -> TaskState {
        // The output sequence ends with the task.
        for try await _ in try await worker.service.logs(id, LogSelection(follow: true)) {}
        return try await worker.service.task(id).state
    }

    /// The reasons why a worker with a task on port 61234 cannot place another task: the reason, whether a retry may
    /// help, and the definition that causes it.
    private static let unplaceable: [(String, Bool, @Sendable (inout TaskDefinition) -> Void)] = [
        ("port_taken", true, { $0.ports = [PortSpec(name: "web", host: 61_234)] }),
        ("no_capacity", true, { $0.resources.memory = 1 << 50 }),
        ("no_match", false, { $0.constraints.labels = ["disk": "fast"] }),
    ]

    @Test func `a task that cannot be placed is refused with the reason for which a manager would let it wait`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let port = definition("sleep 1000", id: "a") { $0.ports = [PortSpec(name: "http", host: 61_234)] }
                let first = try await worker.service.submit(port).task
                for (reason, canPass, change) in Self.unplaceable {
                    let error = await #expect(throws: APIError.self) {
                        _ = try await worker.service.submit(self.definition("sleep 1000", change))
                    }
                    #expect(error?.reason == .conflict && error?.details?["reason"] == reason)
                    #expect(error?.retry == canPass)
                }
                _ = try await worker.service.stop(first.id)
                #expect(try await state(of: first.id, on: worker) == .stopped)
                let again = try await worker.service.submit(definition("exit 0") { $0.ports = port.ports }).task
                #expect(try await state(of: again.id, on: worker) == .completed)
            }
        }
    }

    @Test
    func `a worker of a manager's cluster refuses direct tasks, and a worker with its own cluster refuses a manager`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let id = try await worker.assign(.script("exit 0")).id
                let error = await #expect(throws: APIError.self) {
                    _ = try await worker.service.submit(self.definition("exit 0"))
                }
                #expect(error?.reason == .conflict)
                #expect(error?.message.hasSuffix("schedule the task at the manager") == true)
                await #expect(throws: APIError.self) { _ = try await worker.service.stop(id) }
            }
        }
        try await WorkerWorld.with { world in
            let id = try await world.worker { worker in
                let task = try await worker.service.submit(self.definition("echo ready; sleep 1000")).task
                try await worker.output(task.id, shows: "ready")
                return task.id
            }
            let options = WorkerOptions(
                name: NodeName(rawValue: "w1")!, directory: world.directory, supervisor: WorkerWorld.supervisor,
                command: { "`cube \($0) --data-dir /srv`" })
            try await world.worker(options: options) { worker in
                for call: @Sendable () async throws -> Void in [
                    { _ = try await worker.list() }, { _ = try await worker.stop(id) },
                    { _ = try await worker.assign(.script("exit 0")) },
                ] {
                    let error = await #expect(throws: APIError.self) { try await call() }
                    #expect(error?.reason == .foreignCluster)
                    #expect(error?.message.contains("founded when it received tasks without") == true)
                    #expect(error?.message.contains("`cube worker rejoin --data-dir /srv`") == true)
                }
                #expect(try await worker.service.task(id).state == .running)
                _ = try await worker.service.stop(id)
                #expect(try await state(of: id, on: worker) == .stopped)
            }
        }
    }

    @Test func `a task is removed a day after its end, and its id is never reused`() async throws {
        try await WorkerWorld.with { world in
            func days(_ count: Int) -> @Sendable () -> DurableInstant {
                { DurableInstant(boot: "a", uptime: .seconds(count * 24 * 3600), wall: Timestamp(milliseconds: 0)) }
            }
            func open(_ day: Int) async throws -> WorkerService {
                try await WorkerService.open(
                    WorkerOptions(
                        name: NodeName(rawValue: "w1")!, directory: world.directory, supervisor: WorkerWorld.supervisor),
                    registrar: nil, clock: ContinuousClock(), now: days(day), random: .system,
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            }
            let id = try await world.worker(now: days(1)) { worker in
                let task = try await worker.service.submit(self.definition("exit 0", id: "a")).task
                #expect(try await state(of: task.id, on: worker) == .completed)
                return task.id
            }
            let worker = try await open(2)
            await worker.forget()
            #expect(try world.store.tasks().isEmpty)
            let (task, created) = try await worker.submit(definition("exit 0", id: "a"))
            #expect(created && task.id != id)
        }
    }

    @Test func `a membership that is rebuilt from the records still names the worker's own cluster`() async throws {
        try await WorkerWorld.with { world in
            let first = try await world.worker { worker in
                let task = try await worker.service.submit(self.definition("exit 0")).task
                _ = try await state(of: task.id, on: worker)
                return task
            }
            try LocalFiles.write(Array("damaged".utf8), to: "worker.json", in: world.directory.string, durably: false)
            #expect(try WorkerRepair(directory: world.directory).run().map(\.result) == [.rebuilt])
            try await world.worker { worker in
                let (task, created) = try await worker.service.submit(self.definition("exit 0"))
                #expect(created && task.id != first.id)
                _ = try await state(of: task.id, on: worker)
            }
        }
    }
}
