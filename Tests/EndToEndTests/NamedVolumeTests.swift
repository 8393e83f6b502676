import Foundation
import Testing

/// The socket of the Docker for tests; `nil` if there is none.
private let docker = ProcessInfo.processInfo.environment["CUBE_TEST_DOCKER"]

extension EndToEndTests {
    /// Named volumes of containers, with the whole program and a Docker that `.ci/with-engines` started.
    @Suite(
        .timeLimit(.minutes(5)),
        .enabled(if: docker != nil, "needs a container engine: run .ci/with-engines"))
    struct NamedVolumeTests {
        private func start(_ world: World) throws -> Program {
            try world.start(["up"], through: ["env", "DOCKER_HOST=unix://\(docker!)"])
        }

        private func write(_ world: World, version: Int) throws {
            try world.write(
                "db",
                [
                    "name": "db", "image": "cube-test:1", "env": ["VERSION": "\(version)"],
                    "command": ["sh", "-c", "echo version $VERSION >>/data/log; cat /data/log; exec sleep 1000"],
                    "volumes": [["name": "pgdata", "target": "/data"]], "stop": ["signal": "SIGKILL"],
                    "update": ["min_healthy": "0s"],
                ])
        }

        private func output(_ world: World) async throws -> String { try await world.run("logs", "db").standardOutput }

        /// Waits until the task of a version runs, and returns its ID.
        private func running(_ world: World, other than: String? = nil) async throws -> String {
            func id() -> String? {
                let tasks = world.workload("db")?["tasks"] as? [[String: Any]] ?? []
                return tasks.first { $0["state"] as? String == "running" }?["id"] as? String
            }
            try await world.wait(for: "another task of db") { id() != nil && id() != than }
            return try #require(id())
        }

        @Test func `data survive a rollout and cube down, until the volume is removed by name`() async throws {
            try await World.with { world in
                try write(world, version: 1)
                // A directory without manifests prunes nothing.
                try world.service("other")
                let up = try start(world)
                let first = try await running(world)
                try write(world, version: 2)
                let second = try await running(world, other: first)
                #expect(try await output(world).hasSuffix("version 1\nversion 2\n"))

                let list = try await world.run("volume", "list").standardOutput
                #expect(list.contains("pgdata") && list.contains("db/0"))
                let refused = try await world.run("volume", "remove", "pgdata")
                #expect(refused.status == 1)
                #expect(refused.standardError.contains("volume pgdata is used by task db/0; nothing was removed"))

                #expect(try await world.run("down").status == 0)
                _ = await up.ended()
                _ = try start(world)
                _ = try await running(world, other: second)
                #expect(try await output(world).hasSuffix("version 1\nversion 2\nversion 2\n"))

                try world.remove("db")
                try await world.wait(for: "the prune of db") { world.workload("db") == nil }
                let removed = try await world.run("volume", "remove", "pgdata")
                #expect(removed.status == 0, "\(removed.standardError)")
                #expect(removed.standardOutput == "Volume pgdata is deleted.\n")
                let again = try await world.run("volume", "remove", "pgdata")
                #expect(again.status == 1 && again.standardError.contains("volume pgdata of owner default: not found"))
            }
        }
    }
}
