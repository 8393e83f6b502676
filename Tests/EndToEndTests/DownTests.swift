import Foundation
import Testing

extension EndToEndTests {
    /// `cube down` either stops the named tasks or stops nothing, whichever manager is named and whoever might restart
    /// the tasks.
    @Suite struct DownTests {
        @Test func `down stops the tasks of up, even if CUBE_MANAGER names its manager`() async throws {
            try await World.with { world in
                try world.service("web")
                let up = try world.start("up")
                let address = try await healthy(world)
                // The same manager under a different address than its own.
                let named = address.replacing("127.0.0.1", with: "localhost")
                let down = try await self.down(world, at: named)
                #expect(down.status == 0, "\(down.standardError)")
                #expect(down.standardOutput == "Stopped 1 task.\n")
                #expect(await up.ended() == 0)
                #expect(try world.ledger.living() == [:])

                let history = try await world.run("history", "web")
                let last = history.standardOutput.split(separator: "\n").last ?? ""
                #expect(last.contains("stop web/0"))
                #expect(last.contains("cube down stops all tasks of owner default (down)"))
                #expect(last.hasSuffix("ok"))
            }
        }

        @Test func `down does not end up before it knows whose tasks to stop`() async throws {
            try await World.with { world in
                try world.service("web")
                let up = try world.start("up")
                let address = try await healthy(world)
                let before = try world.ledger.living()

                // No manager listens at this address.
                let nowhere = try await down(world, at: "unix:\(world.socket("nowhere"))")
                #expect(nowhere.status == 1)
                #expect(nowhere.standardError.contains("no task was stopped; without CUBE_MANAGER, `cube down` stops"))

                // A different manager, which only an explicit `--manager` can mean.
                let elsewhere = world.directory.appending(path: "elsewhere").path
                let other = try world.start(
                    "manager", "--data-dir", elsewhere, "--listen", "unix:\(world.socket("manager"))")
                try await world.wait(for: "the other manager") {
                    FileManager.default.fileExists(atPath: world.socket("manager"))
                }
                let unclear = try await down(world, at: "unix:\(world.socket("manager"))")
                #expect(unclear.status == 1)
                #expect(unclear.standardError.contains("it is not clear which tasks to stop"))
                let there = try await world.run("down", "--manager", "unix:\(world.socket("manager"))")
                #expect(there.status == 0, "\(there.standardError)")
                #expect(there.standardOutput == "Owner default had no running task.\n")
                #expect(up.isRunning)
                #expect(try world.ledger.living() == before)

                // `up` has ended, but CUBE_MANAGER still names its address.
                up.kill(SIGTERM)
                await up.ended()
                let late = try await down(world, at: address)
                #expect(late.status == 1)
                #expect(late.standardError.contains("without CUBE_MANAGER, `cube down` stops the tasks of"))
                let plain = try await world.run("down")
                #expect(plain.standardOutput == "Stopped 1 task.\n", "\(plain.standardError)")
                other.kill(SIGTERM)
            }
        }

        @Test func `down is refused while a reconciler elsewhere would restart the stopped tasks`() async throws {
            try await World.with { world in
                try world.service("web")
                let manager = "unix:\(world.socket("manager"))"
                try world.start("manager", "--listen", manager)
                try world.start(
                    "worker", "--name", "w1", "--join", manager, "--listen", "unix:\(world.socket("worker"))")
                let elsewhere = world.directory.appending(path: "elsewhere").path
                let reconciler = try world.start("reconcile", "--data-dir", elsewhere, "--manager", manager)
                try await world.wait(for: "a task") { try world.ledger.living().count == 1 }
                let before = try world.ledger.living()

                for arguments in [["down"], ["down", "--manager", manager]] {
                    let refused = try await world.run(arguments)
                    #expect(refused.status == 1, "\(refused.standardOutput)")
                    #expect(refused.standardError.contains("cube reconcile of \(world.manifests.path)"))
                    #expect(refused.standardError.contains("holds the lease of owner default"))
                    #expect(refused.standardError.contains("hint: end it first, with Ctrl-C"))
                }
                #expect(try world.ledger.living() == before)

                reconciler.kill(SIGTERM)
                await reconciler.ended()
                let down = try await world.run("down", "--manager", manager)
                #expect(down.status == 0, "\(down.standardError)")
                #expect(down.standardOutput == "Stopped 1 task.\n")
                #expect(try world.ledger.living() == [:])
                // `down` held the lease in the meantime and released it.
                let events = try await world.run("events", "-o", "json")
                #expect(events.standardOutput.contains("cube down on "), "\(events.standardOutput)")
                let owners = try await world.run("owner", "list", "-o", "json")
                #expect(!owners.standardOutput.contains("expires_at"), "\(owners.standardOutput)")
                #expect(owners.standardOutput.contains("\"default\""))
            }
        }

        @Test func `down says which tasks of other owners keep running`() async throws {
            try await World.with { world in
                try world.service("web")
                let up = try world.start("up")
                _ = try await healthy(world)
                let started = try await world.run("task", "run", "--name", "one", "--", "sleep", "1000")
                #expect(started.status == 0, "\(started.standardError)")
                try await world.wait(for: "the single task") {
                    let list = try await world.run("task", "list", "--owner", "manual", "--state", "running")
                    return list.standardOutput.contains("one/0")
                }
                let unseen = try await world.run("task", "show", "one/0")
                #expect(unseen.status == 1)
                #expect(unseen.standardError.contains("`cube task show one/0 --owner manual`"))
                for (words, hint) in [
                    (["logs", "one"], "`cube logs one --owner manual`"),
                    (["explain", "one"], "`cube explain one --owner manual`"),
                    (["exec", "one", "--", "true"], "add `--owner manual` before `--`"),
                ] {
                    let refused = try await world.run(words)
                    #expect(refused.status != 0)
                    #expect(
                        refused.standardError.contains("owner manual has such a task: \(hint)"),
                        "\(refused.standardError)")
                }
                let seen = try await world.run("task", "show", "one/0", "--owner", "manual")
                #expect(seen.status == 0, "\(seen.standardError)")

                let down = try await world.run("down")
                #expect(down.status == 0 && down.standardOutput == "Stopped 1 task.\n", "\(down.standardError)")
                #expect(
                    down.standardError.contains(
                        "1 task of owner manual keeps running; `cube down --owner manual` stops it."))
                #expect(await up.ended() == 0)
                let rest = try await world.run("down", "--owner", "manual")
                #expect(rest.status == 0 && rest.standardOutput == "Stopped 1 task.\n", "\(rest.standardError)")
                #expect(!rest.standardError.contains("keeps running"))
            }
        }

        @Test func `down says how to wait for a task that uses its grace period`() async throws {
            try await World.with { world in
                try world.write(
                    "slow",
                    [
                        "name": "slow", "command": ["sh", "-c", "trap '' TERM; while :; do sleep 0.2; done"],
                        "stop": ["grace": "30s"],
                    ])
                let up = try world.start("up")
                let wait = try await world.run("status", "--wait", "--timeout", "60s")
                #expect(wait.status == 0, "\(wait.standardError)")
                let early = try await world.run("down", "--timeout", "10s")
                #expect(early.status == 1)
                #expect(early.standardError.contains("1 task of default has not ended after 10s: slow/0"))
                #expect(early.standardError.contains("run `cube down` again with a longer --timeout"))
                #expect(!early.standardError.contains("silent"), "no manager is left that could list nodes")
                #expect(await up.ended() == 0)
                let late = try await world.run("down", "--timeout", "60s")
                #expect(late.status == 0, "\(late.standardError)")
            }
        }

        private func down(_ world: World, at manager: String) async throws -> World.Output {
            let token = world.data.appending(path: "tokens/write").path
            return try await world.run(
                ["down"], through: ["env", "CUBE_MANAGER=\(manager)", "CUBE_TOKEN_FILE=\(token)"])
        }

        /// Waits until `web` is running, and returns the address of the manager.
        private func healthy(_ world: World) async throws -> String {
            try await world.wait(for: "a healthy workload") {
                try world.workload("web")?["health"] as? String == "Healthy" && world.ledger.living().count == 1
            }
            return try #require(world.address("manager"))
        }
    }
}
