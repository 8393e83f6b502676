import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// The limits of the guards, as configured by the operator.
    @Suite struct GuardLimitTests {
        @Test func `SIGHUP reloads the limits, and an invalid file changes nothing`() async throws {
            try await World.with { world in
                let file = world.directory.appending(path: "cube.conf.json")
                func limit(_ text: String) throws { try Data(text.utf8).write(to: file, options: .atomic) }
                func held() -> [String] {
                    (world.summary()?["holds"] as? [[String: Any]] ?? []).compactMap { $0["reason"] as? String }
                }
                try limit(#"{"guards": {"prune_limit": 0, "prune_percent": 0}}"#)
                try world.service("web")
                try world.service("old")
                let up = try world.start("up", "--config", file.path)
                try await world.wait(for: "both tasks") { try world.ledger.living().count == 2 }
                try world.remove("old")
                try await world.wait(for: "the hold") { held() == ["guard_window"] }

                try limit(#"{"guards": {"prune_limit": 1, "prune_persent": 0}}"#)
                up.kill(SIGHUP)
                try await world.wait(for: "the error about the file") {
                    up.text(of: "err").contains(#"did you mean "prune_percent"?"#)
                }
                #expect(held() == ["guard_window"])

                try limit(#"{"guards": {"prune_limit": 1, "prune_percent": 0}}"#)
                up.kill(SIGHUP)
                try await world.wait(for: "the prune") { try world.ledger.living().keys.sorted() == ["web/0"] }
                up.kill(SIGTERM)
                #expect(await up.ended() == 0)

                try limit("{")
                let apply = try await world.run("apply", "--config", file.path)
                #expect(apply.status == 1 && apply.standardError.contains("cube.conf.json:1:2: error: "))
                let among = try await world.run(
                    "reconcile", "--config", world.manifests.appending(path: "web.json").path)
                #expect(among.status == 1 && among.standardError.contains("could relax the guards"))
            }
        }
    }
}
