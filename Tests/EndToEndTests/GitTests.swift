import Foundation
import Testing

extension EndToEndTests {
    /// A git repository as the source of manifests, from a user's view: push, watch the rollout, break it, revert it.
    @Suite struct GitTests {
        @Test
        func
            `a push rolls out, an invalid push changes nothing, a revert rolls back, and a missing remote changes nothing`()
            async throws
        {
            try await World.with { world in
                let remote = try Git.remote(of: world)

                let up = try world.start(
                    "up", "--git", remote, "--branch", "refs/heads/main", "--path", "manifests", "--poll", "1s")
                try await world.wait(for: "version 1") { try world.ledger.living()["web/0"]?.version == "1" }
                try await world.wait(for: "a synced status") { world.summary()?["sync"] as? String == "Synced" }
                let source = try #require(world.summary()?["source"] as? [String: Any])
                #expect(source["kind"] as? String == "git" && source["branch"] as? String == "main")
                #expect(source["commit"] as? String == (try Git.head(world)))

                let origin = ["--git", remote, "--branch", "main", "--path", "manifests"]
                let apply = try await world.run(["apply"] + origin)
                #expect(apply.status == 0 && apply.standardError.contains("reconciles manifests of \(remote)"))
                let claim = try await world.run("owner", "claim")
                #expect(claim.standardOutput.contains(remote), "\(claim.standardOutput)\(claim.standardError)")
                let valid = try await world.run(["validate"] + origin)
                #expect(valid.status == 0 && valid.standardOutput.contains("1 file, 1 workload, no problem"))

                try world.service("web", version: 2)
                try Git.publish(world, to: remote)
                try await world.wait(for: "version 2") { try world.ledger.living()["web/0"]?.version == "2" }

                try world.write("web", text: #"{"name": "web", "comm"#)
                try Git.publish(world, to: remote)
                try await world.wait(for: "the broken file in the status") {
                    world.summary().map { "\($0)".contains("syntax") } ?? false
                }
                #expect(try world.ledger.living()["web/0"]?.version == "2")
                let invalid = try await world.run(["validate"] + origin)
                #expect(invalid.status == 1 && invalid.standardOutput.contains("manifests/web.json:1:"))
                let lost = try await world.run("validate", "--manifests", "nowhere")
                #expect(
                    lost.status == 2 && lost.standardError.contains("validate it with `cube validate --git \(remote)"))
                let plan = try await world.run(["plan"] + origin)
                let hint = "`cube validate --git \(remote) --branch main --path manifests` shows every problem"
                #expect(plan.status == 1 && plan.standardError.contains(hint), "\(plan.standardError)")

                try world.service("web", version: 3)
                try world.service("api")
                try Git.publish(world, to: remote)
                try await world.wait(for: "version 3 and api") {
                    try world.ledger.living()["web/0"]?.version == "3" && world.ledger.living()["api/0"] != nil
                }
                try Git.run(["-C", world.directory.path, "revert", "--no-edit", "HEAD"])
                try Git.run(["-C", world.directory.path, "revert", "--no-edit", "HEAD~2"])
                try Git.publish(world, to: remote)
                try await world.wait(for: "version 2 again, without api") {
                    try world.ledger.living()["web/0"]?.version == "2" && world.ledger.living()["api/0"] == nil
                }

                try FileManager.default.moveItem(atPath: remote, toPath: "\(remote).away")
                try await world.wait(for: "the lost remote in the status") {
                    world.summary().map { "\($0)".contains("remote_unreachable") } ?? false
                }
                #expect(try world.ledger.living()["web/0"]?.version == "2")
                #expect(try world.ledger.contradictions() == [])
                up.kill(SIGINT)
                #expect(await up.ended() == 0)
            }
        }

        @Test func `a pull request is compared with its merge base, as on a forge`() async throws {
            try await World.with { world in
                func git(_ words: String...) throws { try Git.run(["-C", world.directory.path] + words) }
                try Git.run(["init", "--quiet", "--initial-branch=main", world.directory.path])
                try world.service("web")
                try Git.commit(world)
                try git("branch", "pr")
                try world.service("gained")
                try Git.commit(world)
                try git("checkout", "--quiet", "pr")
                try world.service("web", version: 2)
                try Git.commit(world)
                for arguments in [
                    ["--base", "main", "--revision", "pr"], ["--revision", "main...pr"], ["--base", "main"],
                ] {
                    let diff = try await world.run(["diff"] + arguments)
                    #expect(diff.status == 1, "\(diff.standardError)")
                    #expect(diff.standardOutput.contains("1 changed.") && !diff.standardOutput.contains("gained"))
                }
                let exact = try await world.run("diff", "--revision", "main..pr")
                #expect(exact.standardOutput.contains("1 changed, 1 removed."))
                #expect(try await world.run("diff", "--base", "main..pr").status == 64)
                #expect(try await world.run("plan", "--revision", "main..pr").status == 64)
            }
        }

        @Test func `a plan of another revision states that it cannot be applied yet, and is stale until then`()
            async throws
        {
            try await World.with { world in
                try Git.run(["init", "--quiet", "--initial-branch=main", world.directory.path])
                try world.service("web")
                try Git.commit(world)
                try world.start("up")
                try await world.wait(for: "version 1") { try world.ledger.living()["web/0"]?.version == "1" }
                try world.service("web", version: 2)
                try Git.commit(world)
                try await world.wait(for: "version 2") { try world.ledger.living()["web/0"]?.version == "2" }
                let file = world.directory.appending(path: "next.plan").path
                let applicable = try await world.run("plan", "--revision", "main", "--out", file)
                #expect(applicable.standardError.contains("carries it out"), "\(applicable.standardError)")
                let plan = try await world.run("plan", "--revision", "HEAD~1", "--out", file)
                #expect(plan.status == 0)
                #expect(
                    plan.standardError.contains("refuses the plan as stale (exit code 3) until HEAD~1 is checked out"),
                    "\(plan.standardError)")
                #expect(try await world.run("apply", file).status == 3)
            }
        }

        @Test(arguments: ["fd::7", "ext::sh -c true", "ftp://host/x", "-x"])
        func `a repository URL for which git would run another program is rejected as bad usage`(url: String)
            async throws
        {
            try await World.with { world in
                for command in ["up", "diff", "plan"] {
                    let refused = try await world.run([command, "--git=\(url)"])
                    #expect(refused.status == 64 && refused.standardError.contains("--git"), "\(refused.standardError)")
                }
            }
        }

        @Test
        func `a diff between two commits needs no manager, and its exit code reports whether there is a difference`()
            async throws
        {
            try await World.with { world in
                try Git.run(["init", "--quiet", "--initial-branch=main", world.directory.path])
                try world.service("web")
                try Git.commit(world)
                try world.service("web", version: 2)
                try world.service("new")
                try Git.commit(world)
                #expect(try await world.run("diff", "wbe", "--base", "HEAD", "--revision", "HEAD").status == 2)
                let none = try await world.run("diff", "--base", "HEAD", "--revision", "HEAD")
                #expect(none.status == 0, "\(none.standardError)")
                let some = try await world.run("diff", "--base", "HEAD~1", "--revision", "HEAD", "-o", "markdown")
                #expect(some.status == 1, "\(some.standardError)")
                #expect(some.standardOutput.hasPrefix("**Workloads: 1 added, 1 changed**"))
                try world.write("web", text: "{")
                let broken = try await world.run("diff", "--base", "HEAD")
                #expect(broken.status == 2)
                #expect(broken.standardOutput.contains("manifests/web.json:1:2"))
                #expect(try await world.run("diff", "--base", "nothing").status == 2)
            }
        }
    }
}

/// The real git, without any user or system configuration.
enum Git {
    /// Creates a remote for a world, whose first commit declares a service `web`.
    ///
    /// - Returns: the path of the remote.
    static func remote(of world: World) throws -> String {
        let remote = world.directory.appending(path: "remote.git").path
        try run(["init", "--quiet", "--bare", "--initial-branch=main", remote])
        try run(["init", "--quiet", "--initial-branch=main", world.directory.path])
        try world.service("web")
        try publish(world, to: remote)
        return remote
    }

    @discardableResult
    static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["git", "-c", "gc.auto=0"] + arguments
        process.environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.test", "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.test",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "git \(arguments)")
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    static func commit(_ world: World) throws {
        try run(["-C", world.directory.path, "add", "manifests"])
        try run(["-C", world.directory.path, "commit", "--quiet", "--allow-empty", "-m", "change"])
    }

    static func publish(_ world: World, to remote: String) throws {
        try commit(world)
        try run(["-C", world.directory.path, "push", "--quiet", remote, "HEAD:refs/heads/main"])
    }

    static func head(_ world: World) throws -> String { try run(["-C", world.directory.path, "rev-parse", "HEAD"]) }
}
