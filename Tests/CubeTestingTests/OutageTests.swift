import CubeErrors
import CubeManagerClient
import CubeOrchestratorClient
import CubeTesting
import CubeTypes
import Synchronization
import Testing

/// The guarantees of the clients during an outage of the manager, or when it responds late.
@Suite(.timeLimit(.minutes(1)))
struct OutageTests {
    // MARK: Waits continue

    @Test(arguments: [Duration.milliseconds(300), .seconds(5), .seconds(60)])
    func `a wait for a task continues after an outage of the manager`(outage: Duration) async throws {
        try await TestCluster.run { cluster in
            let service = try held(cluster)
            let task = try await cluster.schedule(service)
            async let ready = outcome { try await cluster.orchestrator.waitUntilReady(task.id, within: .seconds(300)) }
            await cluster.settle()
            await cluster.stopManager()
            await cluster.advance(by: outage)
            try await cluster.startManager()
            cluster.releaseReadiness(of: service.name)
            await cluster.advance(by: .seconds(30))
            let found = try await ready.get()
            #expect(found.ready && found.run == 1)
        }
    }

    @Test func `a wait that begins during an outage waits for the manager`() async throws {
        try await TestCluster.run { cluster in
            let service = try held(cluster)
            let task = try await cluster.schedule(service)
            cluster.releaseReadiness(of: service.name)
            await cluster.stopManager()
            async let ready = outcome { try await cluster.orchestrator.waitUntilReady(task.id, within: .seconds(60)) }
            async let stopped = outcome { try await cluster.orchestrator.stop(task.id, within: .seconds(60)) }
            await cluster.advance(by: .seconds(10))
            try await cluster.startManager()
            await cluster.advance(by: .seconds(20))
            #expect(await ready.failure?.reason != .unavailable)
            #expect(try await stopped.get().state == .stopped)
        }
    }

    @Test func `a task is scheduled once even if the responses are lost`() async throws {
        try await TestCluster.run { cluster in
            let service = TaskDefinition(name: "web", command: ["web"])
            cluster.loseAnswers(of: .scheduleTask, times: 2)
            let task = try await cluster.passingTime {
                try await cluster.orchestrator.run(service, within: .seconds(30))
            }
            #expect(task.ready && cluster.tasks.count == 1)
            #expect(try await cluster.manager.tasks().tasks.map(\.id) == [task.id])
        }
    }

    // MARK: Deadlines are kept

    @Test(arguments: Trouble.allCases)
    func `a wait ends at its deadline, whatever the manager does`(trouble: Trouble) async throws {
        try await TestCluster.run { cluster in
            let service = try held(cluster)
            let task = try await cluster.schedule(service)
            await trouble.befall(cluster)
            let waits: [@Sendable () async throws -> TaskStatus] = [
                { try await cluster.orchestrator.waitUntilReady(task.id, within: .seconds(5)) },
                { try await cluster.orchestrator.stop(task.id, within: .seconds(5)) },
                { try await cluster.orchestrator.run(service, within: .seconds(5)) },
            ]
            for (index, wait) in waits.enumerated() {
                let began = cluster.clock.now
                let result = await cluster.passing { await outcome(wait) }
                #expect(result.failure?.reason == .timeout, "wait \(index)")
                #expect(began.duration(to: cluster.clock.now) == .seconds(5), "wait \(index)")
            }
        }
    }

    enum Trouble: CaseIterable {
        case away, hanging, failing

        func befall(_ cluster: TestCluster) async {
            switch self {
            case .away: await cluster.stopManager()
            case .hanging: cluster.delayAnswers(by: .seconds(3600))
            case .failing: for call in ManagerCall.allCases { cluster.fail(call, times: .max) }
            }
        }
    }

    // MARK: Nothing is lost or duplicated

    /// Restarts the manager five times. During each outage, a new task fails and its worker restarts it.
    private func restartManagerFiveTimes(in cluster: TestCluster) async throws {
        for round in 0..<5 {
            try await cluster.schedule(
                TaskDefinition(name: try WorkloadName(checking: "web-\(round)"), command: ["web"]))
            await cluster.stopManager()
            try cluster.tasks["web-\(round)"].exit(1)
            await cluster.advance(by: .seconds(7))
            try await cluster.startManager()
            await cluster.advance(by: .seconds(3))
        }
        await cluster.advance(by: .seconds(60))
    }

    @Test func `the event stream returns each event once and in order, across five restarts`() async throws {
        try await TestCluster.run(nodes: ["a", "b"]) { cluster in
            let met = Seen<[TaskEvent]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await event in cluster.manager.events(following: 0) { met.change { $0.append(event) } }
                }
                try await restartManagerFiveTimes(in: cluster)
                let all = try await cluster.manager.events(since: 0).events
                #expect(met.value == all && all.count > 20)
                group.cancelAll()
                // The stream may throw CancellationError.
                while await group.nextResult() != nil {}
            }
        }
    }

    @Test func `a watch ends with the same tasks as a list, across five restarts`() async throws {
        try await TestCluster.run(nodes: ["a", "b"]) { cluster in
            let known = Seen<[TaskID: TaskStatus]>([:])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await event in cluster.manager.watch(owner: .manual) {
                        known.change { $0.take(event) }
                    }
                }
                try await restartManagerFiveTimes(in: cluster)
                let tasks = try await cluster.manager.tasks(owner: .manual).tasks
                #expect(known.value == Dictionary(uniqueKeysWithValues: tasks.map { ($0.id, $0) }))
                #expect(tasks.count == 5 && tasks.allSatisfy { $0.restarts == 1 })
                group.cancelAll()
                while await group.nextResult() != nil {}
            }
        }
    }

    @Test func `followed output is complete even if the manager is killed meanwhile`() async throws {
        try await TestCluster.run { cluster in
            let task = try await cluster.schedule(
                TaskDefinition(
                    name: "job", kind: .job, command: ["job"],
                    restart: RestartPolicy(policy: .never)))
            async let lines = outcome {
                var lines: [String] = []
                for try await line in cluster.orchestrator.logs(of: task.id, follow: true).lines { lines.append(line) }
                return lines
            }
            for round in 0..<5 {
                try cluster.tasks["job"].write("line \(round)\n")
                await cluster.advance(by: .seconds(2))
                try await cluster.restartManager()
                try cluster.tasks["job"].write("after \(round)\n")
                await cluster.advance(by: .seconds(2))
            }
            try cluster.tasks["job"].exit(0)
            await cluster.advance(by: .seconds(10))
            let expected = (0..<5).flatMap { ["line \($0)", "after \($0)"] }
            #expect(try await lines.get() == expected)
        }
    }
}

/// Observations of a concurrent task.
private final class Seen<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock(\.self) }
    func change(_ change: @Sendable (inout Value) -> Void) { state.withLock { change(&$0) } }
}

extension TestCluster {
    /// Lets time pass during an operation that does not throw.
    fileprivate func passing<Value: Sendable>(_ operation: () async -> Value) async -> Value {
        do {
            return try await passingTime { await operation() }
        } catch {
            preconditionFailure("\(error)")
        }
    }
}

extension [TaskID: TaskStatus] {
    fileprivate mutating func take(_ event: TaskWatchEvent) {
        switch event {
        case .listed(let list): self = Dictionary(uniqueKeysWithValues: list.tasks.map { ($0.id, $0) })
        case .changed(let changes):
            for id in changes.removed { self[id] = nil }
            for task in changes.changed { self[task.id] = task }
        }
    }
}
