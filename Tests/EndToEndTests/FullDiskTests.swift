import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// A data directory on a full disk of its own.
    @Suite struct FullDiskTests {
        @Test(.enabled(if: getuid() == 0, "only root may mount a small disk"))
        func
            `with a full disk no new task starts, down stops the running tasks, and all tasks start once there is space`()
            async throws
        {
            try await World.with { world in
                let disk = world.data.path
                try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
                try #require(system("mount -t tmpfs -o size=8m,mode=0700 tmpfs '\(disk)'") == 0)
                // A lazy unmount also works while a program has a file open there.
                defer { _ = system("umount -l '\(disk)'") }
                try await Self.fill(world)
            }
        }

        private static func fill(_ world: World) async throws {
            try world.service("web", replicas: 2)
            let up = try world.start("up")
            try await world.wait(for: "two tasks") { try world.ledger.living().count == 2 }
            try await world.wait(for: "a healthy status") { world.summary()?["health"] as? String == "Healthy" }
            let filler = world.data.appending(path: "filler").path
            // `dd` ends when the disk is full.
            _ = system("dd if=/dev/zero of='\(filler)' bs=1k 2> /dev/null")
            try world.service("new")
            try await world.wait(for: "a write that is refused") {
                up.text(of: "err").contains("the store is full; tasks can only be stopped")
            }
            #expect(try world.ledger.living().count == 2)

            let down = try await world.run("down")
            #expect(down.status == 0, "\(down.standardError)")
            #expect(down.standardOutput == "Stopped 2 tasks.\n")
            #expect(try world.ledger.living() == [:])
            await up.ended()

            try FileManager.default.removeItem(atPath: filler)
            let second = try world.start("up")
            try await world.wait(for: "three tasks") { try world.ledger.living().count == 3 }
            #expect(try world.ledger.contradictions() == [])
            second.kill(SIGTERM)
            #expect(await second.ended() == 0)
            let last = try await world.run("down")
            #expect(last.status == 0, "\(last.standardError)")
        }
    }
}
