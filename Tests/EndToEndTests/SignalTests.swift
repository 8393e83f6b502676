import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// The signals that end a long-running program, reload it, or are ignored.
    @Suite struct SignalTests {
        private func startParts(_ world: World) throws -> (manager: Program, worker: Program, reconciler: Program) {
            let manager = "unix:\(world.socket("manager"))"
            return (
                try world.start("manager", "--listen", manager),
                try world.start(
                    "worker", "--name", "w1", "--join", manager, "--listen", "unix:\(world.socket("worker"))"),
                try world.start("reconcile", "--manager", manager)
            )
        }

        @Test(arguments: [(SIGHUP, "SIGHUP"), (SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")])
        func `a signal ends manager and worker with a line in their logs, and tasks keep running`(
            signal: Int32, name: String
        ) async throws {
            try await World.with { world in
                try world.service("web")
                let parts = try startParts(world)
                try await world.wait(for: "a task") { try world.ledger.living().count == 1 }
                let before = try world.ledger.living()
                for part in [parts.worker, parts.manager] {
                    part.kill(signal)
                    #expect(await part.ended() == 0)
                    #expect(part.text(of: "err").contains("received \(name); shutting down"), "\(part.arguments)")
                }
                for entry in before.values { #expect(kill(entry.process, 0) == 0, "\(entry) was ended") }
            }
        }

        @Test func `SIGHUP reloads a reconciler, and SIGTERM ends it`() async throws {
            try await World.with { world in
                let reconciler = try startParts(world).reconciler
                try await world.wait(for: "the reconciler at work") {
                    reconciler.text(of: "err").contains("connected to the manager")
                }
                reconciler.kill(SIGHUP)
                try await world.wait(for: "the reload") {
                    reconciler.text(of: "err").contains("reloaded the limits of the guards")
                }
                reconciler.kill(SIGTERM)
                #expect(await reconciler.ended() == 0)
                #expect(reconciler.text(of: "err").contains("received SIGTERM; shutting down"))
            }
        }

        @Test(arguments: [["up"], ["manager", "--listen", "127.0.0.1:0"]])
        func `a program that nohup started keeps ignoring SIGHUP`(command: [String]) async throws {
            try await World.with { world in
                let program = try world.start(command, through: ["nohup"])
                try await world.wait(for: "a manager") { world.address("manager") != nil }
                program.kill(SIGHUP)
                let list = try await world.run("node", "list")
                #expect(list.status == 0, "\(list.standardError)")
                program.kill(SIGTERM)
                #expect(await program.ended() == 0)
                let log = program.text(of: "err")
                #expect(log.contains("received SIGTERM; shutting down"), "\(log)")
                #expect(!log.contains("SIGHUP") && !log.contains("reloaded"), "\(log)")
            }
        }
    }
}
