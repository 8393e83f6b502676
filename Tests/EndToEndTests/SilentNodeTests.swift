import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// A worker that does not respond for longer than its lease.
    @Suite struct SilentNodeTests {
        /// A world with a manager, two workers and a reconciler.
        private static func withFleet(
            _ body: (_ world: World, _ manager: Program, _ first: Program, _ addSecond: () async throws -> Void)
                async throws -> Void
        ) async throws {
            try await World.with { world in
                let address = "unix:\(world.socket("manager"))"
                func worker(_ name: String) throws -> Program {
                    try world.start([
                        "worker", "--name", name, "--join", address, "--listen", "unix:\(world.socket(name))",
                    ])
                }
                let manager = try world.start("manager", "--listen", address)
                let first = try worker("w1")
                try world.start("reconcile", "--manager", address)
                try await body(world, manager, first) {
                    _ = try worker("w2")
                    try await world.wait(for: "a second node") {
                        try await world.run("node", "list", "--manager", address).standardOutput.contains("w2")
                    }
                }
            }
        }

        @Test func `a manager that was suspended takes no worker for silent`() async throws {
            try await Self.withFleet { world, manager, _, addSecond in
                try world.service("web")
                try await world.wait(for: "a task") { try world.ledger.living().count == 1 }
                try await addSecond()
                manager.kill(SIGSTOP)
                defer { manager.kill(SIGCONT) }
                // Longer than the lease of a worker.
                try await Task.sleep(for: .seconds(15))
                manager.kill(SIGCONT)
                try world.service("later")
                try await world.wait(for: "another task") { try world.ledger.living().count == 2 }
                #expect(try world.ledger.entries().count { $0.slot == "web/0" } == 1)
            }
        }

        @Test func `a service of a silent node runs on another one, and only there afterwards`() async throws {
            try await Self.withFleet { world, _, first, addSecond in
                try world.service("web")
                try await world.wait(for: "a task") { try world.ledger.living().count == 1 }
                let former = try #require(try world.ledger.living()["web/0"]).process
                try await addSecond()

                // The tasks of a worker that is stopped keep running.
                first.kill(SIGSTOP)
                defer { first.kill(SIGCONT) }
                try await world.wait(for: "an instance on w2", within: .seconds(60)) {
                    try world.ledger.entries().count { $0.event == .start } == 2
                }
                let later = try #require(try world.ledger.entries().last).process
                #expect(kill(former, 0) == 0 && kill(later, 0) == 0)

                first.kill(SIGCONT)
                try await world.wait(for: "the end of the former instance", within: .seconds(60)) {
                    kill(former, 0) != 0
                }
                try await world.wait(for: "a healthy workload") {
                    let tasks = world.workload("web")?["tasks"] as? [[String: Any]]
                    return world.workload("web")?["health"] as? String == "Healthy"
                        && tasks?.compactMap { $0["node"] as? String } == ["w2"]
                }
                #expect(kill(later, 0) == 0)
                #expect(try world.ledger.entries().count { $0.event == .start } == 2)
            }
        }
    }
}
