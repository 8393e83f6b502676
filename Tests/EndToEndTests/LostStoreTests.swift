import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// A manager's store that is deleted, restored or copied back while its tasks are running.
    @Suite struct LostStoreTests {
        private static func runUp(_ world: World, until tasks: Int) async throws -> Program {
            let up = try world.start("up")
            try await world.wait(for: "\(tasks) tasks") { try world.ledger.living().count == tasks }
            try await world.wait(for: "a healthy status") { world.summary()?["health"] as? String == "Healthy" }
            return up
        }

        @Test func `every command reports a deleted store, and there is a way to recover`() async throws {
            try await World.with { world in
                try world.service("web")
                let up = try await Self.runUp(world, until: 1)
                up.kill(SIGTERM)
                #expect(await up.ended() == 0)
                try FileManager.default.removeItem(at: world.data.appending(path: "manager"))

                for command in ["up", "down", "doctor"] {
                    let output = try await world.run(command)
                    #expect(output.status == 1, "\(command)")
                    let text = output.standardError + output.standardOutput
                    #expect(text.contains("1 task is still running"), "\(command): \(text)")
                    #expect(text.contains("down --orphans"), "\(command): \(text)")
                }
                #expect(!FileManager.default.fileExists(atPath: world.data.appending(path: "manager/cube.sqlite").path))
                let unasked = try await world.run("down", "--orphans")
                #expect(unasked.status == 1 && unasked.standardError.contains("--yes"))
                #expect(try world.ledger.living().count == 1)
                let early = try await world.run("worker", "rejoin")
                #expect(early.status == 1 && early.standardError.contains("--end-tasks"))

                let down = try await world.run("down", "--orphans", "--yes")
                #expect(down.status == 0, "\(down.standardError)")
                #expect(try world.ledger.living() == [:])
                let lost = try await world.run("up")
                #expect(lost.status == 1 && lost.standardError.contains("worker rejoin"))
                let rejoin = try await world.run("worker", "rejoin")
                #expect(rejoin.status == 0, "\(rejoin.standardError)")
                let second = try await Self.runUp(world, until: 1)
                #expect(try world.ledger.contradictions() == [])
                second.kill(SIGTERM)
                #expect(await second.ended() == 0)
            }
        }

        @Test func `orphans of another data directory are not touched`() async throws {
            try await World.with { other in
                try other.service("web")
                let up = try await Self.runUp(other, until: 1)
                up.kill(SIGKILL)
                await up.ended()
                try FileManager.default.moveItem(at: other.data, to: other.directory.appending(path: "away"))
                try await World.with { world in
                    let down = try await world.run("down", "--orphans", "--yes")
                    #expect(down.status == 0, "\(down.standardError)")
                }
                #expect(try other.ledger.living().count == 1)
            }
        }

        @Test func `a manager with a restored copy of the store sees all tasks in their present state`() async throws {
            try await World.with { world in
                let store = world.data.appending(path: "manager/cube.sqlite")
                let copy = world.directory.appending(path: "copy.sqlite")
                try world.service("a")
                let first = try await Self.runUp(world, until: 1)
                first.kill(SIGTERM)
                await first.ended()
                try FileManager.default.copyItem(at: store, to: copy)
                try world.service("b")
                try world.service("c")
                let second = try await Self.runUp(world, until: 3)
                second.kill(SIGTERM)
                await second.ended()
                try FileManager.default.removeItem(at: store)
                try FileManager.default.moveItem(at: copy, to: store)

                // The status files of the previous run would make the workloads look healthy.
                try FileManager.default.removeItem(at: world.data.appending(path: "status"))
                let third = try world.start("up")
                for name in ["a", "b", "c"] {
                    try await world.wait(for: "\(name) is healthy again") {
                        world.workload(name)?["health"] as? String == "Healthy"
                            && world.summary()?["health"] as? String == "Healthy"
                    }
                }
                #expect(try world.ledger.entries().count == 3, "nothing was started twice")
                third.kill(SIGTERM)
                #expect(await third.ended() == 0)
            }
        }

        @Test
        func `a backup of a running manager can be restored, but not over a store in use or from an invalid file`()
            async throws
        {
            try await World.with { world in
                let file = world.directory.appending(path: "backup.sqlite").path
                try world.service("a")
                let first = try await Self.runUp(world, until: 1)
                let token = try await world.run("manager", "token", "create", "ci", "--role", "read")
                #expect(token.status == 0, "\(token.standardError)")
                let backup = try await world.run("manager", "backup", file)
                #expect(backup.status == 0, "\(backup.standardError)")
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                let again = try await world.run("manager", "backup", file)
                #expect(again.status == 1 && again.standardError.contains("nothing is overwritten"))
                let busy = try await world.run("manager", "restore", file)
                #expect(busy.status == 1 && busy.standardError.contains("is in use by cube up"))
                try world.service("b")
                try await world.wait(for: "two tasks") { try world.ledger.living().count == 2 }
                first.kill(SIGTERM)
                await first.ended()
                try FileManager.default.removeItem(at: world.data.appending(path: "manager"))
                let restore = try await world.run("manager", "restore", file)
                #expect(restore.status == 0, "\(restore.standardError)")
                #expect(restore.standardError.contains("The backup contains 1 token: ci."))

                // The status files of the previous run would make the workloads look healthy.
                try FileManager.default.removeItem(at: world.data.appending(path: "status"))
                let second = try world.start("up")
                for name in ["a", "b"] {
                    try await world.wait(for: "\(name) is healthy again") {
                        world.workload(name)?["health"] as? String == "Healthy"
                    }
                }
                #expect(try world.ledger.entries().count == 2, "nothing was started twice")
                second.kill(SIGTERM)
                #expect(await second.ended() == 0)

                try Data("garbage".utf8).write(to: URL(filePath: file + ".bad"))
                let garbage = try await world.run("manager", "restore", file + ".bad")
                #expect(garbage.status == 1 && garbage.standardError.contains("cannot be restored"))
            }
        }

        @Test func `a damaged address file and a damaged store are reported as such`()
            async throws
        {
            try await World.with { world in
                try world.service("web")
                let first = try await Self.runUp(world, until: 1)
                first.kill(SIGKILL)
                await first.ended()
                try Data("garbage".utf8).write(to: world.data.appending(path: "run/addresses.json"))
                let second = try await Self.runUp(world, until: 1)
                second.kill(SIGTERM)
                await second.ended()
                let store = world.data.appending(path: "manager/cube.sqlite")
                var bytes = try Data(contentsOf: store)
                bytes.replaceSubrange(0..<100, with: Data(repeating: 0xff, count: 100))
                try bytes.write(to: store)
                let up = try await world.run("up")
                #expect(up.status == 1)
                #expect(
                    up.standardError.contains("cube.sqlite is damaged")
                        && up.standardError.contains("cube manager restore"))
                #expect(try world.ledger.living().count == 1)
            }
        }
    }
}
