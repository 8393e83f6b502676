import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// Known problems of comparable systems, by their cause.
    @Suite struct PainTests {
        @Test func `applying the same commit again makes no changing call and writes no file`() async throws {
            try await World.with { world in
                let remote = world.directory.appending(path: "remote.git").path
                try world.service("web", replicas: 2)
                try world.shell(
                    """
                    git init -q --bare -b main '\(remote)'; git init -q -b main .; git add manifests
                    git commit -q -m one; git push -q '\(remote)' HEAD:main
                    """)
                try world.start("manager", "--listen", "unix:\(world.socket("manager"))")
                try world.start(
                    "worker", "--name", "w1", "--join", "unix:\(world.socket("manager"))", "--listen",
                    "unix:\(world.socket("worker"))")
                let manager = ["--manager", "unix:\(world.socket("manager"))"]
                try await world.wait(for: "the manager") {
                    FileManager.default.fileExists(atPath: world.socket("manager"))
                }
                let apply = ["apply", "--git", remote, "--path", "manifests"] + manager
                let first = try await world.run(apply)
                #expect(first.status == 0, "\(first.standardError)")

                func seen() async throws -> [String] {
                    let tasks = try await world.run(["task", "list", "--all", "-o", "json"] + manager).standardOutput
                    let events = try await world.run(["events", "-o", "json"] + manager).standardOutput
                    let files = try ["status", "journal.ndjson"].map {
                        try world.listing(of: world.data.appending(path: $0))
                    }
                    let happened = events.split(separator: "\n").filter {
                        !$0.contains("lease_taken") && !$0.contains("lease_released")
                    }
                    // The revision of the list is excluded, because taking the lease changes it.
                    let list = try JSONSerialization.jsonObject(with: Data(tasks.utf8)) as? [String: Any]
                    return [
                        "\(list?["tasks"] ?? "none")", "\(happened)", "\(files.map { $0.sorted { $0.key < $1.key } })",
                    ]
                }
                let before = try await seen()
                let second = try await world.run(apply)
                #expect(second.status == 0, "\(second.standardError)")
                for (now, then) in zip(try await seen(), before) { #expect(now == then) }
                #expect(try world.ledger.entries().count == 2)
            }
        }

        @Test func `on a change of kind, the service ends, the job runs once, and the service comes back`() async throws
        {
            try await World.with { world in
                try world.service("web")
                try world.start("up")
                try await world.wait(for: "the service") { try world.ledger.living().count == 1 }
                try world.job("web", version: 2, exitCode: 0)
                try await world.wait(for: "the end of the job") {
                    try world.ledger.entries().last.map { $0.version == "2" && $0.event == .end(code: 0) } ?? false
                }
                try await world.wait(for: "a synced status") {
                    world.workload("web")?["health"] as? String == "Healthy"
                        && world.workload("web")?["kind"] as? String == "job"
                }
                try world.service("web", version: 3)
                try await world.wait(for: "the service again") { try world.ledger.living()["web/0"]?.version == "3" }
                #expect(try world.ledger.entries().filter { $0.event == .start }.map(\.version) == ["1", "2", "3"])
                #expect(try world.ledger.contradictions() == [])
            }
        }

        @Test func `if the manifest directory disappears and returns, no task is stopped or started`() async throws {
            try await World.with { world in
                for name in ["web", "db"] { try world.service(name) }
                try world.start("up")
                try await world.wait(for: "two services, synced") {
                    try world.ledger.living().count == 2 && world.summary()?["sync"] as? String == "Synced"
                }
                let away = world.directory.appending(path: "away")
                try FileManager.default.moveItem(at: world.manifests, to: away)
                func isStale() -> Bool {
                    (world.summary()?["conditions"] as? [[String: Any]] ?? []).contains {
                        $0["type"] as? String == "Stale"
                    }
                }
                try await world.wait(for: "a stale status") { isStale() }
                let diff = try await world.run("diff")
                #expect(diff.status == 2 && diff.standardError.contains("manifests"))
                try FileManager.default.moveItem(at: away, to: world.manifests)
                try await world.wait(for: "a status that is not stale") { !isStale() }
                // Each task started once, and none ended.
                #expect(try world.ledger.entries().count == 2)
            }
        }

        @Test func `if the data directory is deleted while up runs, up reports it with a remedy`() async throws {
            try await World.with { world in
                try world.service("web")
                let up = try world.start("up")
                try await world.wait(for: "a task") { try world.ledger.living().count == 1 }
                try await world.wait(for: "a synced status") { world.workload("web")?["sync"] as? String == "Synced" }
                // `rm` is repeated, because `up` may create files while it runs.
                try world.shell("until rm -rf '\(world.data.path)'; do :; done 2> /dev/null")
                #expect(await up.ended() == 1)
                #expect(up.text(of: "err").contains("cube.sqlite was deleted or replaced while the manager runs"))
                #expect(try world.ledger.living().count == 1)
                let down = try await world.run("down", "--orphans", "--yes")
                #expect(down.status == 0, "\(down.standardError)")
                #expect(try world.ledger.living() == [:])
            }
        }

        @Test func `a manually started task is adopted by a manifest without a restart`() async throws {
            try await World.with { world in
                try world.service("db")
                try world.start("up")
                try await world.wait(for: "a synced status") { world.workload("db")?["sync"] as? String == "Synced" }
                let script = "VERSION=1; \(world.ledger.line("start")); while :; do sleep 1; done"
                let task = try await world.run("task", "run", "--name", "web", "--", "sh", "-c", script)
                #expect(task.status == 0, "\(task.standardError)")
                try await world.wait(for: "the task") { try world.ledger.living().count == 2 }
                let status = try await world.run("status")
                #expect(status.standardOutput.contains("`cube adopt web`"), "\(status.standardOutput)")

                let adoption = try await world.run("adopt", "web")
                #expect(adoption.status == 0, "\(adoption.standardError)")
                try await world.wait(for: "the guard") { "\(world.summary() ?? [:])".contains("guard_foreign") }
                try world.write("web", ["name": "web", "command": ["sh", "-c", script], "labels": ["team": "shop"]])
                try await world.wait(for: "a healthy workload") {
                    world.workload("web")?["sync"] as? String == "Synced"
                        && world.workload("web")?["health"] as? String == "Healthy"
                }
                #expect(try world.ledger.entries().count { $0.slot == "web/0" } == 1)
                // Most fields are changed in place. A field that needs a new task replaces the task.
                try world.service("web", version: 2)
                try await world.wait(for: "version 2") { try world.ledger.living()["web/0"]?.version == "2" }
                let again = try await world.run("adopt", "web")
                #expect(again.status == 1 && again.standardError.contains("no live task of web"))
            }
        }

        @Test func `the output of tasks can be read while up is not running`() async throws {
            try await World.with { world in
                try world.write(
                    "web", ["name": "web", "command": ["sh", "-c", "echo one; echo two; exec sleep 1000"]])
                let up = try world.start("up")
                try await world.wait(for: "a healthy workload") {
                    world.workload("web")?["health"] as? String == "Healthy"
                }
                up.kill(SIGINT)
                await up.ended()
                let logs = try await world.run("logs", "web", "--tail", "1")
                #expect(logs.status == 0 && logs.standardOutput == "two\n", "\(logs.standardError)")
                #expect(logs.standardError.contains("No manager is running here"))
                #expect(try await world.run("logs", "wep").status == 1)
            }
        }
    }
}

extension World {
    /// Runs a shell script in the world's directory, under a name for git.
    fileprivate func shell(_ script: String) throws {
        let identity = """
            export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
            export HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1
            """
        let status = system("set -e; cd '\(directory.path)'\n\(identity)\n\(script)")
        try #require(status == 0, "the script ended with status \(status)")
    }
}
