import CubeErrors
import CubeManagerClient
import CubeOrchestratorClient
import CubeTesting
import CubeTypes
import Testing

/// The clients of a cluster wait on its clock, and time advances exactly as far as they wait.
@Suite(.timeLimit(.minutes(1)))
struct PassingTimeTests {
    @Test func `a wait of the orchestrator client ends at its deadline on the manual clock and not before`()
        async throws
    {
        try await TestCluster.run { cluster in
            let service = try held(cluster)
            for limit in [Duration.seconds(3), .seconds(3600)] {
                let began = cluster.clock.now
                let error = await #expect(throws: APIError.self) {
                    try await cluster.passingTime { try await cluster.orchestrator.run(service, within: limit) }
                }
                #expect(error?.reason == .timeout)
                #expect(began.duration(to: cluster.clock.now) == limit)
            }
        }
    }

    @Test func `time does not advance unless the test lets it pass`() async throws {
        try await TestCluster.run { cluster in
            let service = try held(cluster)
            async let run = outcome { try await cluster.orchestrator.run(service, within: .seconds(3)) }
            await cluster.settle()
            #expect(cluster.clock.now.offset == .zero && cluster.tasks.count == 1)
            await cluster.advance(by: .milliseconds(2999))
            cluster.releaseReadiness(of: service.name)
            #expect(try await cluster.manager.page().tasks.first?.ready == false)
            await cluster.advance(by: .milliseconds(1))
            // The check is due every second, so it is also due at the moment of the deadline.
            switch await run {
            case .success(let task): #expect(task.ready)
            case .failure(let error): #expect(error.reason == .timeout)
            }
            #expect(cluster.clock.now.offset == .seconds(3))
        }
    }

    @Test func `a blocking query ends when its wait is over`() async throws {
        try await TestCluster.run { cluster in
            let revision = try await cluster.manager.clusterStatus().revision
            let began = cluster.clock.now
            let list = try await cluster.passingTime {
                try await cluster.manager.events(since: revision, wait: .seconds(30))
            }
            #expect(list.events.isEmpty && began.duration(to: cluster.clock.now) == .seconds(30))
        }
    }

    @Test func `time passes for code that sleeps on the clock of the cluster`() async throws {
        try await TestCluster.run { cluster in
            try await cluster.passingTime { try await cluster.clock.sleep(for: .seconds(7200)) }
            #expect(cluster.clock.now.offset == .seconds(7200))
        }
    }

    @Test func `time hardly advances for an operation that does not wait for time`() async throws {
        try await TestCluster.run { cluster in
            let first = try await cluster.passingTime { try await cluster.manager.clusterStatus() }
            #expect(cluster.clock.now.offset == .zero)
            // A client of one's own calls over the socket, which the cluster cannot observe.
            let own = ManagerClient(endpoint: cluster.endpoint)
            let second = try await cluster.passingTime { try await own.clusterStatus() }
            #expect(first == second && cluster.clock.now.offset < .seconds(60))
        }
    }

    @Test func `concurrent operations each end at their own time`() async throws {
        try await TestCluster.run { cluster in
            let ends = try await withThrowingTaskGroup(of: (Int, Duration).self) { group in
                for number in 1...3 {
                    group.addTask {
                        try await cluster.clock.sleep(for: .seconds(10 * number))
                        return (number, cluster.clock.now.offset)
                    }
                }
                return try await cluster.passingTime {
                    var ends: [Int: Duration] = [:]
                    async let last: Void = cluster.clock.sleep(for: .seconds(40))
                    for try await (number, end) in group { ends[number] = end }
                    try await last
                    return ends
                }
            }
            #expect(ends == [1: .seconds(10), 2: .seconds(20), 3: .seconds(30)])
            #expect(cluster.clock.now.offset == .seconds(40))
        }
    }

    @Test func `output is followed while time passes`() async throws {
        try await TestCluster.run { cluster in
            let job = TaskDefinition(name: "job", kind: .job, command: ["job"])
            let task = try await cluster.schedule(job)
            try cluster.tasks["job"].write("one\n")
            let lines = try await cluster.passingTime {
                var lines: [String] = []
                for try await line in cluster.orchestrator.logs(of: task.id, follow: true).lines {
                    lines.append(line)
                    if line == "one" {
                        try cluster.tasks["job"].write("two\n")
                        try cluster.tasks["job"].exit(0)
                    }
                }
                return lines
            }
            #expect(lines == ["one", "two"])
        }
    }
}

/// Returns a service that is held unready until the test releases it. Its check runs every second.
func held(_ cluster: TestCluster, _ name: String = "web") throws -> TaskDefinition {
    let service = TaskDefinition(
        name: try WorkloadName(checking: name), command: [name],
        health: HealthChecks(
            ready: HealthCheck(tcp: TCPProbe(port: .number(80)), interval: .seconds(1), timeout: .seconds(1))))
    cluster.holdReadiness(of: service.name)
    return service
}

/// Returns the result of a call, for use with `async let`.
func outcome<Value: Sendable>(_ call: @Sendable () async throws -> Value) async -> Result<Value, APIError> {
    do {
        return .success(try await call())
    } catch {
        return .failure(error as? APIError ?? APIError(.internal, "\(error)", isFromServer: false))
    }
}

extension Result {
    /// The error; `nil` for a success.
    var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
