import Foundation
import Testing

extension EndToEndTests {
    /// `depends_on` from a user's view.
    @Suite struct OrderTests {
        @Test
        func `a service starts after its job has completed, and its next version starts after the next job`()
            async throws
        {
            try await World.with { world in
                let gates = (1...2).map { world.directory.appending(path: "gate-\($0)") }
                try world.job("migrate", exitCode: 0, gate: gates[0])
                try world.service("app") { $0["depends_on"] = ["migrate"] }
                try world.start("up")
                try await world.wait(for: "a running job that is progressing") {
                    let tasks = world.workload("migrate")?["tasks"] as? [[String: Any]]
                    return tasks?.first?["state"] as? String == "running"
                        && world.workload("migrate")?["health"] as? String == "Progressing"
                }
                try await world.wait(for: "a service that waits") {
                    world.workload("app")?["health"] as? String == "Missing"
                }
                try Data().write(to: gates[0])
                try await world.wait(for: "the service") { try world.ledger.living()["app/0"]?.version == "1" }

                try world.job("migrate", version: 2, exitCode: 0, gate: gates[1])
                try await world.wait(for: "the next job") { try world.ledger.living()["migrate/0"]?.version == "2" }
                try world.service("app", version: 2) { $0["depends_on"] = ["migrate"] }
                try await world.wait(for: "a service that is held back") {
                    world.workload("app")?["sync"] as? String == "OutOfSync"
                }
                try Data().write(to: gates[1])
                try await world.wait(for: "its next version") { try world.ledger.living()["app/0"]?.version == "2" }
                let order = try world.ledger.entries().map { "\($0.slot) \($0.version) \($0.event)" }
                #expect(
                    order == [
                        "migrate/0 1 start", "migrate/0 1 end(code: 0)", "app/0 1 start", "migrate/0 2 start",
                        "migrate/0 2 end(code: 0)", "app/0 1 end(code: 0)", "app/0 2 start",
                    ])
            }
        }
    }
}
