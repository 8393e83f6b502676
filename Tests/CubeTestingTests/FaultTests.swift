import CubeErrors
import CubeManagerClient
import CubeOrchestratorClient
import CubeTesting
import CubeTypes
import CubeWorkerClient
import Testing

/// A cluster in which failures are injected.
@Suite(.timeLimit(.minutes(1)))
struct FaultTests {
    private func web() -> TaskDefinition { TaskDefinition(name: "web", command: ["web"]) }

    // MARK: Outages of the manager

    @Test func `starting a manager twice concurrently starts one manager`() async throws {
        try await TestCluster.run { cluster in
            let term = try await cluster.manager.clusterStatus().term
            await cluster.stopManager()
            async let first: Void = cluster.startManager()
            async let second: Void = cluster.startManager()
            _ = try await (first, second)
            #expect(try await cluster.manager.clusterStatus().term == term + 1)
        }
    }

    @Test func `during an outage calls fail and tasks keep running, and a new manager knows them`() async throws {
        try await TestCluster.run(nodes: ["a", "b"]) { cluster in
            let own = ManagerClient(endpoint: cluster.endpoint)
            let task = try await cluster.schedule(web())
            let term = try await cluster.manager.clusterStatus().term
            await cluster.stopManager()
            await cluster.stopManager()
            for client in [cluster.manager, own] {
                let error = await #expect(throws: APIError.self) { try await client.task(task.id) }
                #expect(error?.reason == .unavailable && error?.isFromServer == false)
            }
            await cluster.advance(by: .seconds(60))
            #expect(try cluster.tasks["web"].number == 1)
            #expect(try await cluster.worker(#require(task.node).rawValue).task(task.id).state == .running)
            try await cluster.startManager()
            try await cluster.startManager()
            await cluster.settle()
            for client in [cluster.manager, own] {
                #expect(try await client.task(task.id).state == .running)
                #expect(try await client.clusterStatus().term == term + 1)
            }
            #expect(try cluster.tasks["web"].number == 1)
        }
    }

    @Test func `a run that ends during an outage is reported to the next manager`() async throws {
        try await TestCluster.run { cluster in
            let task = try await cluster.schedule(web())
            await cluster.stopManager()
            try cluster.tasks["web"].exit(1)
            await cluster.advance(by: .seconds(30))
            #expect(try cluster.tasks["web"].number == 2)
            try await cluster.startManager()
            await cluster.settle()
            let known = try await cluster.manager.task(task.id)
            #expect(known.run == 2 && known.restarts == 1 && known.state == .running)
        }
    }

    @Test func `a call in progress fails when the manager ends`() async throws {
        try await TestCluster.run { cluster in
            let revision = try await cluster.manager.clusterStatus().revision
            async let waiting = outcome { try await cluster.manager.events(since: revision, wait: .seconds(60)) }
            await cluster.settle()
            try await cluster.restartManager()
            #expect(await waiting.failure?.reason == .unavailable && cluster.clock.now.offset == .zero)
        }
    }

    @Test func `followed output fails with an error when the manager ends`() async throws {
        try await TestCluster.run { cluster in
            let task = try await cluster.schedule(web())
            try cluster.tasks["web"].write("one\n")
            var lines: [String] = []
            let error = await #expect(throws: APIError.self) {
                for try await line in try await cluster.manager.logs(of: task.id, follow: true).lines {
                    lines.append(line)
                    await cluster.stopManager()
                }
            }
            #expect(lines == ["one"] && error?.reason == .unavailable)
        }
    }

    // MARK: Delayed responses

    @Test func `a slow manager carries out a call at once and responds late`() async throws {
        try await TestCluster.run { cluster in
            let task = try await cluster.schedule(web())
            cluster.delayAnswers(by: .seconds(4))
            async let stopped = cluster.manager.stop(task.id)
            await cluster.settle()
            #expect(cluster.tasks.isEmpty && cluster.clock.now.offset == .zero)
            await cluster.advance(by: .seconds(4))
            let answer = try await stopped
            #expect(answer.id == task.id)
            cluster.delayAnswers(by: .zero)
            #expect(try await cluster.manager.task(task.id).state == .stopped)
        }
    }

    @Test func `a call fails at its deadline on the manual clock`() async throws {
        try await TestCluster.run { cluster in
            cluster.delayAnswers(by: .seconds(3600))
            let impatient = cluster.orchestrator(
                options: ClientOptions(
                    requestDeadline: .seconds(5), totalDeadline: .seconds(5), retries: RetryPolicy(attempts: 1)))
            let error = await #expect(throws: APIError.self) {
                try await cluster.passingTime { try await impatient.manager.workers() }
            }
            #expect(error?.reason == .timeout && cluster.clock.now.offset == .seconds(5))
        }
    }

    // MARK: Errors

    @Test func `exactly the chosen calls fail, the given number of times`() async throws {
        try await TestCluster.run { cluster in
            cluster.fail(.getCluster, with: APIError(.tooManyRequests, "slow down"), times: 2)
            cluster.fail(.getCluster, with: APIError(.internal, "broken"))
            var reasons: [ErrorReason] = []
            for _ in 0..<3 {
                #expect(try await cluster.manager.workers().nodes.count == 1)
                do { _ = try await cluster.manager.clusterStatus() } catch let error as APIError {
                    #expect(error.isFromServer)
                    reasons.append(error.reason)
                }
            }
            #expect(reasons == [.tooManyRequests, .tooManyRequests, .internal])
            _ = try await cluster.manager.clusterStatus()
            cluster.fail(.listTasks, times: .max)
            await #expect(throws: APIError.self) { try await cluster.manager.page() }
            cluster.stopFailing(.listTasks)
            _ = try await cluster.manager.page()
        }
    }

    @Test func `injected errors affect a client of one's own as well`() async throws {
        try await TestCluster.run { cluster in
            var options = ClientOptions()
            options.retries.attempts = 1
            let own = ManagerClient(endpoint: cluster.endpoint, options: options)
            cluster.fail(.listWorkers, with: APIError(.forbidden, "not you"))
            let error = await #expect(throws: APIError.self) { try await own.workers() }
            #expect(error?.reason == .forbidden && error?.message == "not you")
        }
    }

    @Test func `a failed call has no effect, and a call with a lost response has its effect`() async throws {
        try await TestCluster.run { cluster in
            let task = try await cluster.schedule(web())
            cluster.fail(.stopTask)
            await #expect(throws: APIError.self) { try await cluster.manager.stop(task.id) }
            await cluster.settle()
            #expect(cluster.tasks.count == 1)
            cluster.loseAnswers(of: .stopTask)
            let error = await #expect(throws: APIError.self) { try await cluster.manager.stop(task.id) }
            await cluster.settle()
            #expect(error?.reason == .unavailable && cluster.tasks.isEmpty)
        }
    }

    @Test func `failures of listing tasks and of watching tasks are injected separately`() async throws {
        try await TestCluster.run { cluster in
            cluster.fail(.watchTasks)
            let list = try await cluster.manager.tasks(owner: .manual)
            let error = await #expect(throws: APIError.self) {
                try await cluster.manager.changes(
                    owner: .manual, since: list.revision, term: list.term, wait: .zero)
            }
            #expect(error?.message.contains("injected by the test") == true)
        }
    }

    // MARK: Readiness

    @Test func `tasks held unready become ready when the test releases one or all of them`() async throws {
        try await TestCluster.run { cluster in
            let service = try held(cluster)
            let first = try await cluster.schedule(service)
            let second = try await cluster.schedule(service, ordinal: 1)
            await cluster.advance(by: .seconds(30))
            #expect(try await cluster.manager.tasks().tasks.map(\.ready) == [false, false])
            try cluster.tasks["web"].setReady(true)
            await cluster.advance(by: .seconds(1))
            #expect(try await cluster.manager.task(first.id).ready)
            #expect(try await !cluster.manager.task(second.id).ready)
            cluster.releaseReadiness(of: service.name)
            await cluster.advance(by: .seconds(1))
            #expect(try await cluster.manager.task(second.id).ready)
            #expect(try await cluster.schedule(service, ordinal: 2).ready)
        }
    }

    @Test func `holding the readiness of a task without a ready check makes its start fail`() async throws {
        try await TestCluster.run { cluster in
            var unchecked = web()
            unchecked.restart = RestartPolicy(policy: .never)
            cluster.holdReadiness(of: unchecked.name)
            let task = try await cluster.schedule(unchecked)
            #expect(task.state == .failed && task.message?.contains("has no ready check") == true)
        }
    }
}
