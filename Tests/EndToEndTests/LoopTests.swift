import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// The main use case from a user's view: `cube up` and a directory that is edited.
    @Suite struct LoopTests {
        @Test func `a manifest becomes a task, an edit replaces it, a broken file keeps it, and a deletion ends it`()
            async throws
        {
            try await World.with { world in
                try world.service("web")
                try world.service("api")
                let up = try world.start("up")

                try await world.wait(for: "two tasks") { try world.ledger.living().count == 2 }
                try await world.wait(for: "a synced status file") {
                    world.workload("web")?["sync"] as? String == "Synced"
                        && world.workload("web")?["health"] as? String == "Healthy"
                }

                try world.service("web", version: 2)
                try await world.wait(for: "version 2 of web") { try world.ledger.living()["web/0"]?.version == "2" }

                try world.write("web", text: #"{"name": "web", "comm"#)
                try await world.wait(for: "the broken file in the status") {
                    world.summary().map { "\($0)".contains("syntax") } ?? false
                }
                #expect(try world.ledger.living()["web/0"]?.version == "2")

                try world.service("web", version: 3)
                try await world.wait(for: "version 3 of web") { try world.ledger.living()["web/0"]?.version == "3" }

                try world.remove("api")
                try await world.wait(for: "the end of api") { try world.ledger.living()["api/0"] == nil }
                #expect(try world.ledger.contradictions() == [])

                up.kill(SIGINT)
                #expect(await up.ended() == 0)
            }
        }

        @Test func `restart of a completed job is refused with the command that runs the job again`() async throws {
            try await World.with { world in
                try world.job("once", exitCode: 0)
                try world.start("up")
                try await world.wait(for: "the end of the job") {
                    let list = try await world.run("task", "list", "--name", "once", "--state", "completed")
                    return list.standardOutput.contains("once/0")
                }
                let restart = try await world.run("restart", "once")
                #expect(restart.status == 1 && restart.standardOutput == "")
                #expect(restart.standardError.contains("once is a completed job"), "\(restart.standardError)")
                #expect(restart.standardError.contains("`cube retry once` runs it again"))
                let retry = try await world.run("retry", "once")
                #expect(retry.status == 0, "\(retry.standardError)")
                try await world.wait(for: "another run") { try world.ledger.entries().count >= 3 }
            }
        }

        @Test func `tasks outlive up, the next up adopts them, and down stops them`() async throws {
            try await World.with { world in
                try world.service("web", replicas: 2)
                let first = try world.start("up")
                try await world.wait(for: "two tasks") { try world.ledger.living().count == 2 }
                let before = try world.ledger.living()
                first.kill(SIGTERM)
                #expect(await first.ended() == 0)
                for entry in before.values { #expect(kill(entry.process, 0) == 0, "\(entry) ended with up") }

                let second = try world.start("up")
                try await world.wait(for: "the second up at work") {
                    second.text(of: "err").contains("connected to the manager")
                }
                #expect(try world.ledger.living() == before)

                let down = try await world.run("down")
                #expect(down.status == 0, "\(down.standardError)")
                #expect(await second.ended() == 0)
                // `up` prints that tasks keep running only if it is stopped by something other than `down`.
                #expect(second.text(of: "err").contains("cube down is stopping 2 tasks"))
                #expect(!second.text(of: "err").contains("keep running"))
                #expect(try world.ledger.living() == [:])
                #expect(try world.ledger.contradictions() == [])
            }
        }

        @Test func `a diff changes nothing, and its exit code reports whether there is a difference`() async throws {
            try await World.with { world in
                try world.service("web")
                let manager = try world.start("manager", "--listen", "unix:\(world.socket("manager"))")
                let worker = try world.start(
                    "worker", "--name", "w1", "--join", "unix:\(world.socket("manager"))", "--listen",
                    "unix:\(world.socket("worker"))")
                let reconciler = try world.start("reconcile", "--manager", "unix:\(world.socket("manager"))")
                try await world.wait(for: "version 1 at work") {
                    try world.workload("web")?["health"] as? String == "Healthy"
                        && world.ledger.living()["web/0"]?.version == "1"
                }

                #expect(try await world.run("diff", "--manager", "unix:\(world.socket("manager"))").status == 0)
                reconciler.kill(SIGSTOP)
                try await world.wait(for: "the reconciler to be suspended") { reconciler.isSuspended }
                try world.service("web", version: 2)
                let diff = try await world.run("diff", "--manager", "unix:\(world.socket("manager"))")
                #expect(diff.status == 1, "\(diff.standardError)")
                #expect(try world.ledger.living().mapValues(\.version) == ["web/0": "1"])
                reconciler.kill(SIGCONT)
                try await world.wait(for: "version 2") { try world.ledger.living()["web/0"]?.version == "2" }
                for program in [reconciler, worker, manager] { program.kill(SIGINT) }
                for program in [reconciler, worker, manager] { #expect(await program.ended() == 0) }
            }
        }

        @Test func `a saved plan is carried out exactly, and only once`() async throws {
            try await World.with { world in
                let manager = ["--manager", "unix:\(world.socket("manager"))"]
                try world.service("web")
                try world.start("manager", "--listen", "unix:\(world.socket("manager"))")
                try world.start(
                    "worker", "--name", "w1", "--join", "unix:\(world.socket("manager"))", "--listen",
                    "unix:\(world.socket("worker"))")
                let file = world.directory.appending(path: "release.plan").path
                try await world.wait(for: "the manager") {
                    FileManager.default.fileExists(atPath: world.socket("manager"))
                }
                #expect(try await world.run(["plan", "--out", file] + manager).status == 0)

                try world.service("db")
                let stale = try await world.run(["apply", file] + manager)
                #expect(stale.status == 3)
                #expect(stale.standardOutput.contains("db: its manifest was added"))
                #expect(try world.ledger.entries().isEmpty)

                try world.remove("db")
                let applied = try await world.run(["apply", file] + manager)
                #expect(applied.status == 0, "\(applied.standardOutput)\(applied.standardError)")
                #expect(applied.standardError.contains("schedule web/0: the task was never started"))
                #expect(try world.ledger.living().keys.sorted() == ["web/0"])
                #expect(try await world.run(["apply", file] + manager).status == 3)
                #expect(try await world.run("plan", "show", file).standardOutput.contains("+ schedule web/0"))
            }
        }

        @Test func `an invalid manifest is reported by an exit code and a location`() async throws {
            try await World.with { world in
                try world.write("web", text: "{\n  \"name\": \"web\",\n  \"comand\": [\"web\"]\n}")
                let validate = try await world.run("validate", "-o", "json")
                #expect(validate.status == 1)
                let diagnostics = try #require(
                    try JSONSerialization.jsonObject(with: Data(validate.standardOutput.utf8)) as? [[String: Any]])
                #expect(diagnostics.map { $0["reason"] as? String } == ["unknown_key"])
            }
        }
    }
}
