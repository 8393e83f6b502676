import Foundation
import Testing

extension EndToEndTests {
    /// Two reconcilers of one repository, as two machines run them, and a person on a third one.
    @Suite struct StandbyTests {
        @Test func `the second waits, takes over after a kill, and hears what is said elsewhere`() async throws {
            try await World.with { world in
                let remote = world.directory.appending(path: "remote.git").path
                try Git.run(["init", "--quiet", "--bare", "--initial-branch=main", remote])
                try Git.run(["init", "--quiet", "--initial-branch=main", world.directory.path])
                try world.service("web")
                let kept: [String: Any] = ["name": "kept", "command": ["sleep", "1000"], "prune": false]
                try world.write("kept", kept)
                try Git.publish(world, to: remote)

                let manager = ["--manager", "unix:\(world.socket("manager"))"]
                let token = ["--token-file", world.data.appending(path: "tokens/write").path]
                try world.start("manager", "--listen", "unix:\(world.socket("manager"))")
                try world.start(
                    ["worker", "--name", "w1", "--join", "unix:\(world.socket("manager"))"]
                        + ["--listen", "unix:\(world.socket("worker"))"])
                try await world.wait(for: "the manager") {
                    FileManager.default.fileExists(atPath: world.socket("manager"))
                }
                let git = ["--git", remote, "--path", "manifests", "--poll", "1s"]
                func reconcile(_ place: String) throws -> Program {
                    try world.start(
                        ["reconcile", "--data-dir", world.directory.appending(path: place).path] + git + manager + token
                    )
                }
                func conditions(_ place: String) -> String {
                    let file = world.directory.appending(path: "\(place)/status/summary.json")
                    // Until it is written, nothing is said.
                    return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
                }
                let leader = try reconcile("one")
                try await world.wait(for: "version 1") { try world.ledger.living()["web/0"]?.version == "1" }
                let standby = try reconcile("two")
                try await world.wait(for: "the standby's word") { conditions("two").contains("lease_held") }
                #expect(!conditions("one").contains("lease_held"))

                leader.kill(SIGKILL)
                await leader.ended()
                try world.service("web", version: 2)
                try Git.publish(world, to: remote)
                try await world.wait(for: "version 2") { try world.ledger.living()["web/0"]?.version == "2" }
                #expect(!conditions("two").contains("lease_held"))

                let elsewhere = ["--data-dir", world.directory.appending(path: "nowhere").path]
                let starts = try world.ledger.entries().count { $0.event == .start }
                let said = try await world.run(["restart", "web"] + elsewhere + manager + token)
                #expect(said.status == 0, "\(said.standardError)")
                try await world.wait(for: "another start") {
                    try world.ledger.entries().count { $0.event == .start } > starts
                }
                #expect(try world.ledger.contradictions() == [])

                // Who plans there is told that somebody else decides.
                try world.remove("kept")
                try Git.publish(world, to: remote)
                let plan = try await world.run(
                    ["plan", "--git", remote, "--path", "manifests"] + elsewhere + manager + token)
                #expect(plan.standardOutput.contains("stop kept/0"), "\(plan.standardError)")
                #expect(plan.standardError.contains("cube reconcile") && plan.standardError.contains("not known here"))
                try world.write("kept", kept)
                try Git.publish(world, to: remote)

                // Who comes back to the data directory of a killed one waits for nobody, unless another one leads.
                let second = try reconcile("one")
                try await world.wait(for: "the former leader's word") { conditions("one").contains("lease_held") }
                standby.kill(SIGKILL)
                await standby.ended()
                let third = try reconcile("two")
                try await world.wait(for: "its own lease again", within: .seconds(10)) {
                    !conditions("two").contains("lease_pending") && conditions("one").contains("lease_held")
                        && conditions("two").contains("Synced")
                }
                for program in [second, third] { program.kill(SIGTERM) }
            }
        }
    }
}
