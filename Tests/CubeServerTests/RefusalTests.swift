import CubeErrors
import CubeManagerClient
import CubeTypes
import FoundationEssentials
import NIOHTTP1
import Testing

@testable import CubeServer

/// Tests input that no part of Cube sends, and that would be stored if it were accepted.
@Suite("Input that a manager refuses", .timeLimit(.minutes(1)))
struct RefusalTests {
    let world = ManagerEndpointTests()

    @Test(arguments: [-1, 10_000, Int.max])
    func `a stop of an impossible slot creates no record`(ordinal: Int) async throws {
        try await world.withManager { client, _ in
            let stop = StopRequest(id: world.unknown, name: world.proposal().name, ordinal: ordinal, attempt: 0)
            let answer = try await client.batch(BatchRequest(owner: .manual, operations: [.stop(stop)]))
            #expect(answer.results.map(\.status) == [400])
            #expect(answer.results[0].error?.fields.map(\.field) == ["stop.ordinal"])
            #expect(try await client.tasks(owner: .manual).slots.isEmpty)
        }
    }

    @Test func `all values that no manifest could contain are refused at once`() async throws {
        try await world.withManager { client, _ in
            var task = world.proposal()
            task.definition.ports = [PortSpec(name: "", host: 65_536)]
            task.definition.stop.signal = "SIGSTOP"
            task.definition.restart.max = -1
            task.definition.restart.backoff = .seconds(1_000_000_000)
            task.definition.env["A=B"] = "c"
            task.definition.labels["team"] = "a\0b"
            task.definition.health.ready = HealthCheck(
                tcp: TCPProbe(port: .number(0)), interval: .zero, timeout: .seconds(1))
            let error = await #expect(throws: APIError.self) {
                try await client.schedule(ScheduleRequest(owner: .manual, maxLive: 1, task: task))
            }
            #expect(
                error?.fields.map(\.field).filter { $0.hasPrefix("task.definition.") }
                    == [
                        "env[\"A=B\"]", "ports[0].name", "ports[0].host", "health.ready.tcp.port",
                        "health.ready.interval",
                        "restart.max", "restart.backoff", "stop.signal", "labels[\"team\"]",
                    ].map { "task.definition.\($0)" })
        }
    }

    @Test(arguments: [-1, 1 << 50 + 1, Int.max])
    func `sizes whose sum could overflow are refused`(bytes: Int) async throws {
        try await world.withManager { client, endpoint in
            var request = ScheduleRequest(owner: .manual, maxLive: 1, task: world.proposal())
            request.task.definition.resources.memory = bytes
            let body = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
            let answer = try await ask(.POST, endpoint, "/api/v1/manager/tasks", body: body)
            #expect(answer.status == 400)
            #expect(try answer.error.fields.map(\.field) == ["task.definition.memory"])
        }
    }
}
