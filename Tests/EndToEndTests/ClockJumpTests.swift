import Foundation
import Testing

extension EndToEndTests {
    /// The real programs on a wall clock that jumps. A preloaded library moves the clock, because nothing else moves
    /// the wall clock of a single program. Swift's C compiler builds the library.
    @Suite struct ClockJumpTests {
        @Test(arguments: [-3600, 3600])
        func `a wall clock that jumps by an hour ends no task, delays no restart, and changes no rollout`(
            seconds: Int
        )
            async throws
        {
            try await World.with { world in
                let clock = try MovedClock(in: world.directory)
                let crashes = world.directory.appending(path: "crashes")
                try world.service("web", replicas: 2)
                try world.service("old")
                try world.write(
                    "crash",
                    [
                        "name": "crash", "command": ["sh", "-c", "echo crashed >> '\(crashes.path)'; exit 1"],
                        "restart": ["backoff": "200ms", "backoff_max": "200ms"],
                    ])
                let up = try world.start(["up"], through: clock.prefix)
                func count() -> Int {
                    // The first crash creates the file.
                    (try? String(contentsOf: crashes, encoding: .utf8))?.split(separator: "\n").count ?? 0
                }
                try await world.wait(for: "the first tasks") { try world.ledger.living().count == 3 && count() > 2 }
                let before = try world.ledger.living()

                try clock.move(by: seconds)
                let crashed = count()
                try await world.wait(for: "restarts after the jump") { count() >= crashed + 5 }
                #expect(try world.ledger.living() == before)

                try world.service("web", version: 2, replicas: 2)
                try await world.wait(for: "version 2 of both tasks") {
                    let living = try world.ledger.living()
                    return ["web/0", "web/1"].allSatisfy { living[$0]?.version == "2" }
                }
                try world.remove("old")
                try await world.wait(for: "the end of the removed task") { try world.ledger.living()["old/0"] == nil }
                let moved = try #require(up.text(of: "err").split(separator: "\n").last?.prefix { $0 != " " })
                let ahead = try Date(
                    String(moved), strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true)
                )
                .timeIntervalSinceNow
                #expect(abs(ahead - Double(seconds)) < 1800, "the log uses the moved clock")
                try await world.wait(for: "a healthy status") {
                    world.workload("web")?["sync"] as? String == "Synced"
                        && world.workload("web")?["health"] as? String == "Healthy"
                }

                // Moving the clock back is another jump, in the other direction.
                try clock.move(by: 0)
                let again = count()
                try await world.wait(for: "restarts after the second jump") { count() >= again + 5 }
                try world.service("web", version: 3, replicas: 2)
                try await world.wait(for: "version 3 of both tasks") {
                    let living = try world.ledger.living()
                    return ["web/0", "web/1"].allSatisfy { living[$0]?.version == "3" }
                }
                #expect(try world.ledger.contradictions() == [])
                #expect(up.isRunning)
            }
        }
    }
}
