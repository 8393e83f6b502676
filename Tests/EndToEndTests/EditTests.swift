import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// The ways in which programs write files, each slowed down at its most critical moment. The workload is replaced
    /// once, by the final content, and no other workload changes.
    @Suite struct EditTests {
        struct Cause: CustomTestStringConvertible, Sendable {
            var testDescription: String
            /// A script that runs in the manifest directory before the reconciler starts.
            var before = ""
            /// A script that replaces `web.json` by `$new`.
            var edit: String

            init(_ name: String, before: String = "", _ edit: String) {
                testDescription = name
                self.before = before
                self.edit = edit
            }
        }

        private static let committed = """
            git init -q -b main . && git add . && git commit -q -m one && git checkout -q -b work
            cp "$new" web.json && git commit -q -a -m two && git checkout -q main
            """

        static let causes = [
            Cause(
                "vim",
                """
                : > 4913; rm 4913; : > .web.json.swp
                mv web.json web.json~; sleep 0.4; cat "$new" > web.json; sync web.json; rm web.json~ .web.json.swp
                """),
            Cause(
                "emacs",
                """
                ln -s user@host.1 .#web.json; cp "$new" '#web.json#'
                mv web.json web.json~; sleep 0.4; cat "$new" > web.json; rm '#web.json#' .#web.json
                """),
            Cause("nano, and VS Code", #"head -c 40 "$new" > web.json; sleep 0.4; cat "$new" > web.json"#),
            Cause("sed -i", #"cat "$new" > sedA1b2C3; sleep 0.4; mv sedA1b2C3 web.json"#),
            Cause(
                "rsync",
                #"head -c 40 "$new" > .web.json.Xy12Zw; sleep 0.4; cat "$new" > .web.json.Xy12Zw; mv .web.json.Xy12Zw web.json"#
            ),
            Cause(
                "rsync --inplace",
                """
                dd if="$new" of=web.json bs=40 count=1 conv=notrunc status=none; sleep 0.4
                dd if="$new" of=web.json conv=notrunc status=none; truncate -s "$(stat -c %s "$new")" web.json
                """),
            Cause(
                "a swapped ..data link",
                before: """
                    mkdir ..one && mv web.json db.json ..one && ln -s ..one ..data
                    ln -s ..data/web.json web.json && ln -s ..data/db.json db.json
                    """,
                """
                cp -r ..one ..two && cp "$new" ..two/web.json && ln -s ..two ..data_tmp && mv -T ..data_tmp ..data
                sleep 0.4; rm -r ..one
                """),
            Cause("git checkout", before: committed, "git checkout -q work"),
            Cause(
                "git stash", before: committed,
                #"cp "$new" web.json; sleep 0.4; git stash -q; sleep 0.4; git stash pop -q"#),
            Cause(
                "git rebase", before: committed,
                """
                git checkout -q work; : > note.txt; git add note.txt; git commit -q -m note
                git checkout -q main; : > other.txt; git add other.txt; git commit -q -m other
                git checkout -q work; git rebase -q main
                """),
        ]

        @Test(arguments: causes)
        func `a manifest may be written by any program`(_ cause: Cause) async throws {
            try await World.with { world in
                for name in ["web", "db"] { try world.service(name) }
                try world.service("web", version: 2)
                let new = world.directory.appending(path: "new.json")
                try FileManager.default.moveItem(at: world.manifests.appending(path: "web.json"), to: new)
                try world.service("web")
                try run(cause.before, new, in: world)

                try world.start("up")
                try await world.wait(for: "both services") {
                    try world.ledger.living().keys.sorted() == ["db/0", "web/0"]
                }
                try run(cause.edit, new, in: world)
                try await world.wait(for: "version 2 and a synced status") {
                    try world.ledger.living()["web/0"]?.version == "2"
                        && world.summary()?["sync"] as? String == "Synced"
                }
                let starts = try world.ledger.entries().filter { $0.event == .start }
                #expect(starts.count { $0.slot == "db/0" } == 1)
                // The reconciler may have seen a state that a stash or rebase removed and restored.
                #expect(Set(starts.filter { $0.slot == "web/0" }.map(\.version)) == ["1", "2"])
                #expect(try world.ledger.contradictions() == [])
                #expect(try world.ledger.living().keys.sorted() == ["db/0", "web/0"])
            }
        }

        @Test func `a fix is not blocked by the failing rollout that it repairs`() async throws {
            try await World.with { world in
                try world.service("web", replicas: 3)
                try world.start("up")
                // A task that is not available yet may be replaced beside the one that `max_unavailable` allows.
                try await world.wait(for: "three of version 1") {
                    world.workload("web")?["health"] as? String == "Healthy"
                }
                try world.service("web", version: 2, replicas: 3) { $0["command"] = ["sh", "-c", "exit 1"] }
                try await world.wait(for: "a rollout that hangs") { try world.ledger.living().count == 2 }
                try world.service("web", version: 3, replicas: 3)
                try await world.wait(for: "three of version 3") {
                    try world.ledger.living().values.map(\.version) == ["3", "3", "3"]
                }
                #expect(try world.ledger.contradictions() == [])
            }
        }

        @Test func `a commit that deletes most manifests is held, and the command that status prints releases it`()
            async throws
        {
            try await World.with { world in
                for index in 0..<10 { try world.service("web-\(index)") }
                try world.start("up")
                try await world.wait(for: "ten services") { try world.ledger.living().count == 10 }
                for index in 0..<9 { try world.remove("web-\(index)") }
                try await world.wait(for: "a hold") { !(world.summary()?["holds"] as? [Any] ?? []).isEmpty }
                #expect(try world.ledger.living().count == 10)
                let holds = try #require(world.summary()?["holds"] as? [[String: Any]])
                #expect(holds.map { $0["reason"] as? String } == ["guard_window"])
                let command = try #require(holds.first?["approve"] as? String).split(separator: " ").map(String.init)
                let approval = try await world.run(Array(command.dropFirst()))
                #expect(approval.status == 0, "\(approval.standardError)")
                try await world.wait(for: "one service") { try world.ledger.living().keys.sorted() == ["web-9/0"] }
            }
        }

        private func run(_ script: String, _ new: URL, in world: World) throws {
            let identity = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b"
            let status = system("set -e; cd '\(world.manifests.path)'; new='\(new.path)'; \(identity)\n\(script)")
            try #require(status == 0, "the script ended with status \(status)")
        }
    }
}
