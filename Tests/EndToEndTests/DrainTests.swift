import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// Nodes whose tasks move to other nodes.
    @Suite struct DrainTests {
        /// A world with a manager, a worker and a reconciler.
        private struct Fleet {
            let world: World
            let address: String
            var manager: Program

            init(_ world: World) throws {
                self.world = world
                address = "unix:\(world.socket("manager"))"
                manager = try world.start("manager", "--listen", address)
                try addWorker("w1")
                try world.start("reconcile", "--manager", address)
            }

            func addWorker(_ name: String, _ options: String...) throws {
                try world.start(
                    ["worker", "--name", name, "--join", address, "--listen", "unix:\(world.socket(name))"] + options)
            }

            func node(_ arguments: String...) async throws -> World.Output {
                try await world.run(["node"] + arguments + ["--manager", address])
            }

            func wait(forNode name: String) async throws {
                try await world.wait(for: "node \(name)") { try await node("list").standardOutput.contains(name) }
            }
        }

        @Test func `a drain moves a service without an interruption, and ends when the node is uncordoned`()
            async throws
        {
            try await World.with { world in
                let fleet = try Fleet(world)
                try world.service("web", replicas: 2) {
                    $0["update"] = ["min_healthy": "1s", "max_unavailable": 0, "max_surge": 1]
                }
                try await world.wait(for: "two tasks") { try world.ledger.living().count == 2 }
                try fleet.addWorker("w2")
                try await fleet.wait(forNode: "w2")

                let forecast = try await fleet.node("drain", "w1", "--dry-run")
                #expect(forecast.status == 0)
                #expect(forecast.standardOutput.contains("a drain of node w1 would move 2 tasks"))
                #expect(try world.ledger.entries().count == 2)

                let drained = try await fleet.node("drain", "w1", "--wait", "--timeout", "2m")
                #expect(drained.status == 0, "\(drained.standardOutput) \(drained.standardError)")
                #expect(drained.standardOutput.contains("node w1 is drained"))
                // Each task was stopped only when a third one was running.
                var running = 0
                for entry in try world.ledger.entries() {
                    if entry.event == .start { running += 1 } else { running -= 1 }
                    #expect(running >= 2 || entry.event == .start)
                    #expect(running <= 3)
                }
                #expect(try world.ledger.entries().count { $0.event == .start } == 4 && running == 2)
                #expect(try await fleet.node("list").standardOutput.contains("draining"))
                #expect(try await fleet.node("uncordon", "w1").status == 0)
                #expect(try await !fleet.node("list").standardOutput.contains("draining"))
            }
        }

        @Test func `a task that fits nowhere else stays with its reason, and moves after a restart of the manager`()
            async throws
        {
            try await World.with { world in
                var fleet = try Fleet(world)
                try fleet.addWorker("w2", "--label", "disk=fast")
                try world.service("web") { $0["constraints"] = ["labels": ["disk": "fast"]] }
                try await world.wait(for: "a task") { try world.ledger.living().count == 1 }

                let drain = try await fleet.node("drain", "w2", "--wait", "--timeout", "1s")
                #expect(drain.status == 5, "\(drain.standardError)")
                #expect(drain.standardOutput.contains("no other node has disk=fast"))
                #expect(drain.standardOutput.contains("(no_match)"))
                #expect(try world.ledger.entries().count == 1)

                fleet.manager.kill(SIGKILL)
                await fleet.manager.ended()
                fleet.manager = try world.start("manager", "--listen", fleet.address)
                try fleet.addWorker("w3", "--label", "disk=fast")
                try await fleet.wait(forNode: "w3")
                let rest = try await fleet.node("drain", "w2", "--wait", "--timeout", "2m")
                #expect(rest.status == 0, "\(rest.standardOutput) \(rest.standardError)")
                try await world.wait(for: "the task on w3") {
                    let tasks = world.workload("web")?["tasks"] as? [[String: Any]]
                    return tasks?.compactMap { $0["node"] as? String } == ["w3"]
                }
                #expect(try world.ledger.contradictions() == [])
            }
        }

        @Test func `a job runs to its end on a drained node, or is started again elsewhere on request`() async throws {
            try await World.with { world in
                let fleet = try Fleet(world)
                try world.job("report", exitCode: 0, gate: world.directory.appending(path: "gate"))
                try await world.wait(for: "the job") { try world.ledger.living().count == 1 }
                let first = try #require(try world.ledger.living()["report/0"]).process
                try fleet.addWorker("w2")
                try await fleet.wait(forNode: "w2")

                let drain = try await fleet.node("drain", "w1", "--wait", "--timeout", "1s")
                #expect(drain.status == 5 && drain.standardOutput.contains("(job_running)"))
                #expect(kill(first, 0) == 0)
                let evicted = try await fleet.node("drain", "w1", "--wait", "--timeout", "2m", "--jobs")
                #expect(evicted.status == 0, "\(evicted.standardOutput) \(evicted.standardError)")
                #expect(kill(first, 0) != 0)
                try await world.wait(for: "the job on w2") {
                    try world.ledger.entries().count { $0.event == .start } == 2
                }
            }
        }
    }
}
