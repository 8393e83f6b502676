import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// Rollouts depend on the results of health checks.
    @Suite struct HealthTests {
        @Test func `a rollout waits until the new task is ready before it continues`() async throws {
            try await World.with { world in
                func gate(_ version: Int) -> URL { world.directory.appending(path: "open-\(version)") }
                func service(_ version: Int) throws {
                    try world.service("web", version: version, replicas: 2) {
                        $0["health"] = [
                            "ready": [
                                "command": ["sh", "-c", "test -e \(world.directory.path)/open-$VERSION"],
                                "interval": "100ms", "timeout": "30s", "retries": 1, "start_period": "0s",
                            ]
                        ]
                    }
                }
                try Data().write(to: gate(1))
                try service(1)
                let up = try world.start("up")
                try await world.wait(for: "two ready tasks") {
                    world.workload("web")?["health"] as? String == "Healthy"
                }

                try service(2)
                try await world.wait(for: "a new task that is not ready") {
                    "\(world.workload("web") ?? [:])".contains("ready check failed: exit code 1")
                }
                #expect(try world.ledger.living().values.map(\.version).sorted() == ["1", "2"])
                #expect(world.workload("web")?["health"] as? String == "Progressing")

                try Data().write(to: gate(2))
                try await world.wait(for: "two ready tasks of version 2") {
                    try world.ledger.living().values.map(\.version) == ["2", "2"]
                        && world.workload("web")?["health"] as? String == "Healthy"
                }
                #expect(try world.ledger.contradictions() == [])
                up.kill(SIGINT)
                #expect(await up.ended() == 0)
            }
        }
    }
}
