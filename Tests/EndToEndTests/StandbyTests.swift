import Foundation
import Testing

extension EndToEndTests {
    /// Two reconcilers of one repository, as if on two machines, and a person on a third machine.
    @Suite struct StandbyTests {
        @Test func `the standby waits, takes over after a kill, and receives commands from elsewhere`() async throws {
            try await withTeam { world, team in
                func conditions(_ place: String) -> String {
                    let file = world.directory.appending(path: "\(place)/status/summary.json")
                    // The file does not exist before the first status.
                    return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
                }
                let leader = try team.reconcile("one", in: world)
                try await world.wait(for: "version 1") { try world.ledger.living()["web/0"]?.version == "1" }
                let standby = try team.reconcile("two", in: world)
                try await world.wait(for: "the standby to wait") { conditions("two").contains("lease_held") }
                #expect(!conditions("one").contains("lease_held"))

                leader.kill(SIGKILL)
                await leader.ended()
                try world.service("web", version: 2)
                try team.publish(world)
                try await world.wait(for: "version 2") { try world.ledger.living()["web/0"]?.version == "2" }
                #expect(!conditions("two").contains("lease_held"))

                let starts = try world.ledger.entries().count { $0.event == .start }
                let said = try await world.run(["restart", "web"] + team.elsewhere + team.access)
                #expect(said.status == 0, "\(said.standardError)")
                try await world.wait(for: "another start") {
                    try world.ledger.entries().count { $0.event == .start } > starts
                }
                #expect(try world.ledger.contradictions() == [])

                // A reconciler on the data directory of a killed one takes over its lease at once, unless another one leads.
                let second = try team.reconcile("one", in: world)
                try await world.wait(for: "the former leader to wait for the lease") {
                    conditions("one").contains("lease_held")
                }
                standby.kill(SIGKILL)
                await standby.ended()
                let third = try team.reconcile("two", in: world)
                try await world.wait(for: "its own lease again", within: .seconds(10)) {
                    !conditions("two").contains("lease_pending") && conditions("one").contains("lease_held")
                        && conditions("two").contains("Synced")
                }
                for program in [second, third] { program.kill(SIGTERM) }
            }
        }

        @Test func `apply on another machine triggers the reconciler of the same source and waits for it`()
            async throws
        {
            try await withTeam { world, team in
                let kept: [String: Any] = ["name": "kept", "command": ["sleep", "1000"], "prune": false]
                try world.write("kept", kept)
                try team.publish(world)
                // On its own, the reconciler would poll only once per hour.
                let leader = try team.reconcile("one", poll: "1h", in: world)
                try await world.wait(for: "version 1") { try world.ledger.living()["web/0"]?.version == "1" }

                try world.service("web", version: 2)
                try team.publish(world)
                let applied = try await world.run(
                    ["apply", "--timeout", "60s"] + team.git + team.elsewhere + team.access)
                #expect(applied.status == 0, "\(applied.standardOutput)\(applied.standardError)")
                #expect(applied.standardError.contains("triggered it and waiting for it"))
                #expect(try world.ledger.living()["web/0"]?.version == "2")
                let journal = world.directory.appending(path: "nowhere/journal.ndjson")
                #expect(!FileManager.default.fileExists(atPath: journal.path), "the reconciler made the change")

                // A plan from any machine is the plan of the reconciler.
                try world.remove("kept")
                try team.publish(world)
                let plan = try await world.run(["plan"] + team.git + team.elsewhere + team.access)
                #expect(
                    plan.standardOutput.contains("held: the last manifest of the workload has prune: false"),
                    "\(plan.standardOutput)\(plan.standardError)")
                #expect(!plan.standardError.contains("not known here"))
                let held = try await world.run(["apply", "--timeout", "10s"] + team.git + team.elsewhere + team.access)
                #expect(held.status == 4, "\(held.standardOutput)\(held.standardError)")
                #expect(
                    held.standardOutput.contains(
                        "prune kept: the last manifest of the workload has prune: false (prune_disabled); `cube approve"
                    ))
                leader.kill(SIGTERM)
            }
        }

        /// The addresses of the manager and the repository.
        private struct Team {
            let remote: String
            let access: [String]
            /// The options of a data directory that no other program uses.
            let elsewhere: [String]

            var git: [String] { ["--git", remote, "--path", "manifests"] }

            func publish(_ world: World) throws { try Git.publish(world, to: remote) }

            func reconcile(_ place: String, poll: String = "1s", in world: World) throws -> Program {
                let data = world.directory.appending(path: place).path
                return try world.start(["reconcile", "--data-dir", data, "--poll", poll] + git + access)
            }
        }

        /// Runs a body with a manager, a worker, and a repository that declares a service.
        private func withTeam(_ test: (World, Team) async throws -> Void) async throws {
            try await World.with { world in
                let remote = try Git.remote(of: world)

                let manager = "unix:\(world.socket("manager"))"
                try world.start("manager", "--listen", manager)
                try world.start(
                    ["worker", "--name", "w1", "--join", manager, "--listen", "unix:\(world.socket("worker"))"])
                try await world.wait(for: "the manager") {
                    FileManager.default.fileExists(atPath: world.socket("manager"))
                }
                let token = world.data.appending(path: "tokens/write").path
                let elsewhere = ["--data-dir", world.directory.appending(path: "nowhere").path]
                try await test(
                    world,
                    Team(remote: remote, access: ["--manager", manager, "--token-file", token], elsewhere: elsewhere))
            }
        }
    }
}
