import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// `cube logs` and `cube status --wait` from a user's view.
    @Suite struct LogsTests {
        private func write(_ version: String, replicas: Int = 1, to world: World) throws {
            try world.write(
                "web",
                [
                    "name": "web", "command": ["sh", "-c", "echo version \(version); exec sleep 1000"],
                    "replicas": replicas,
                ])
        }

        @Test
        func `logs -f follows a workload across replaced and added tasks`()
            async throws
        {
            try await World.with { world in
                try write("one", to: world)
                let up = try world.start("up")
                let wait = try await world.run("status", "--wait", "web", "--timeout", "60s")
                #expect(wait.status == 0, "\(wait.standardError)")
                let logs = try world.start("logs", "--follow", "web")
                try await world.wait(for: "the first task") {
                    logs.text(of: "out").contains("version one")
                }
                try write("two", to: world)
                try await world.wait(for: "the task that took its place") {
                    logs.text(of: "out").contains("version two")
                }
                try write("two", replicas: 2, to: world)
                try await world.wait(for: "the task that was added") {
                    logs.text(of: "out").contains("web/1 version two")
                }
                #expect(logs.isRunning)

                // A different manager on a different port.
                up.kill(SIGTERM)
                #expect(await up.ended() == 0)
                try world.start("up")
                try write("three", replicas: 2, to: world)
                try await world.wait(for: "the output of the tasks under the next manager") {
                    logs.text(of: "out").contains("web/1 version three")
                }
                let again = try await world.run("status", "--wait", "web", "--timeout", "60s")
                #expect(again.status == 0, "\(again.standardError)")

                let previous = try await world.run("logs", "web/0", "--previous")
                #expect(previous.standardOutput.hasSuffix("version two\n"))
                let stamped = try await world.run("logs", "web/0", "--timestamps", "--since", "1h")
                #expect(stamped.standardOutput.contains(#/^[0-9]{4}-[0-9-]*T[0-9:.]*Z version three\n$/#))
                let none = try await world.run("logs", "web/0", "--since", "2100-01-01T00:00:00Z")
                #expect(none.status == 0 && none.standardOutput == "", "\(none.standardError)")
                let unknown = try await world.run("logs", "nobody", "web", "web/7")
                #expect(unknown.status == 1 && unknown.standardOutput == "")
                #expect(unknown.standardError.contains("owner default has no task of nobody, web/7"))
            }
        }

        @Test func `logs -f ends when its reader has closed the pipe`() async throws {
            try await World.with { world in
                try world.write(
                    "web", ["name": "web", "command": ["sh", "-c", "while :; do echo line; sleep 0.1; done"]])
                try world.start("up")
                #expect(try await world.run("status", "--wait", "web", "--timeout", "60s").status == 0)
                // The status is that of `head`, which exits after the first line. The shell waits for both programs.
                let head = try await world.run(
                    ["logs", "--follow", "web"], through: ["sh", "-c", #""$0" "$@" | head -n 1"#])
                #expect(head.status == 0 && head.standardOutput == "line\n", "\(head.standardError)")
            }
        }

        @Test func `status --wait reports by its exit code and in a message which workload is not healthy in time`()
            async throws
        {
            try await World.with { world in
                try world.write("bad", ["name": "bad", "command": ["sh", "-c", "exit 7"]])
                try write("one", to: world)
                try world.start("up")
                #expect(try await world.run("status", "--wait", "web").status == 0)
                let bad = try await world.run("status", "--wait", "--timeout", "1s")
                #expect(bad.status == 5)
                #expect(bad.standardError.contains("not healthy: bad is "), "\(bad.standardError)")
                #expect(try await world.run("status", "nobody").status == 1)
                let one = try await world.run("status", "web")
                #expect(one.standardOutput.contains("web ") && !one.standardOutput.contains("bad "))
            }
        }
    }
}
