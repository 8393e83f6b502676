import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// Tasks of which there must never be two instances. The task itself counts: it holds a lock while it runs, which the kernel
    /// releases when all of its processes have ended.
    @Suite struct ExclusiveTests {
        /// What stops while the task runs.
        enum Failure: String, CaseIterable, Sendable {
            case suspendedManager, suspendedWorker, killedWorker
        }

        @Test(arguments: Failure.allCases)
        func `an exclusive task never has two instances, whatever stops`(_ failure: Failure) async throws {
            try await World.with { world in
                let address = "unix:\(world.socket("manager"))"
                func worker(_ name: String) throws -> Program {
                    try world.start([
                        "worker", "--name", name, "--join", address, "--listen", "unix:\(world.socket(name))",
                    ])
                }
                let manager = try world.start("manager", "--listen", address)
                let first = try worker("w1")
                try world.start("reconcile", "--manager", address)
                let doubles = world.directory.appending(path: "doubles")
                try world.service("plain")
                try world.service("solo") { manifest in
                    manifest["exclusive"] = true
                    var command = manifest["command"] as? [String] ?? []
                    command[2] =
                        "exec 9>>'\(world.directory.appending(path: "lock").path)'\n"
                        + "flock -n 9 || echo $$ >> '\(doubles.path)'\n"
                        + command[2].replacing("sleep 0.1 &", with: "sleep 0.1 9>&- &")
                    manifest["command"] = command
                }
                try await world.wait(for: "both tasks") { try world.ledger.living().count == 2 }
                let solo = try #require(try world.ledger.living()["solo/0"]).process
                let plain = try #require(try world.ledger.living()["plain/0"]).process
                _ = try worker("w2")
                try await world.wait(for: "a second node") {
                    try await world.run("node", "list", "--manager", address).standardOutput.contains("w2")
                }

                // It ignores that nobody watches it any more.
                let mark = world.directory.appending(path: "command")
                try world.start([
                    "exec", "solo", "--manager", address, "--", "sh", "-c",
                    "trap '' HUP; echo $$ > '\(mark.path)'; exec sleep 1000",
                ])
                func command() -> pid_t? {
                    FileManager.default.contents(atPath: mark.path).flatMap {
                        pid_t(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
                    }
                }
                try await world.wait(for: "the command beside it") { command() != nil }
                let beside = try #require(command())

                let stopped = failure == .suspendedManager ? manager : first
                stopped.kill(failure == .killedWorker ? SIGKILL : SIGSTOP)
                defer { if stopped.isRunning { stopped.kill(SIGCONT) } }
                try await world.wait(for: "the end of the exclusive task") { kill(solo, 0) != 0 }
                #expect(kill(plain, 0) == 0)
                try await world.wait(for: "the end of the command beside it") { kill(beside, 0) != 0 }
                if failure == .suspendedManager { stopped.kill(SIGCONT) }
                func starts() throws -> Int { try world.ledger.entries().count { $0.slot == "solo/0" } }
                try await world.wait(for: "another instance") { try starts() == 2 }

                // The worker that was away may not start it again.
                if failure == .suspendedWorker { stopped.kill(SIGCONT) }
                try await world.wait(for: "a healthy workload") {
                    world.workload("solo")?["health"] as? String == "Healthy"
                }
                if failure == .suspendedWorker {
                    try await world.wait(for: "the end of the other task's former instance", within: .seconds(60)) {
                        kill(plain, 0) != 0
                    }
                }
                #expect(try starts() == 2)
                #expect(!FileManager.default.fileExists(atPath: doubles.path))
                #expect(kill(try #require(try world.ledger.living()["solo/0"]).process, 0) == 0)
            }
        }
    }
}
