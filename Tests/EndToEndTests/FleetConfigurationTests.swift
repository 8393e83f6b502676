import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// What a task gets from its node: secrets, ports and addresses, on a manager and two workers that have different ones.
    @Suite struct FleetConfigurationTests {
        private struct Fleet {
            let world: World
            let manager: String
            var workers: [Program] = []

            /// Starts a manager, a reconciler, and two workers, which are reached at 127.0.0.2 and 127.0.0.3.
            init(_ world: World) throws {
                self.world = world
                manager = "unix:\(world.socket("manager"))"
                try world.start("manager", "--listen", manager)
                for (name, host) in [("w1", "127.0.0.2"), ("w2", "127.0.0.3")] {
                    try FileManager.default.createDirectory(at: secrets(of: name), withIntermediateDirectories: true)
                    workers.append(
                        try world.start([
                            "worker", "--name", name, "--join", manager, "--listen", "\(host):0", "--secrets",
                            secrets(of: name).path,
                        ]))
                }
                try world.start("reconcile", "--manager", manager)
            }

            func secrets(of node: String) -> URL { world.directory.appending(path: "secrets-\(node)") }

            func put(_ secret: String, on node: String, _ content: String) throws {
                try Data(content.utf8).write(to: secrets(of: node).appending(path: secret))
            }

            func nodes(of name: String) -> [String] {
                let tasks = world.workload(name)?["tasks"] as? [[String: Any]] ?? []
                return tasks.filter { $0["ready"] as? Bool == true }.compactMap { $0["node"] as? String }
            }

            func addresses(of name: String) -> [String] {
                let endpoints = world.workload(name)?["endpoints"] as? [[String: Any]] ?? []
                return endpoints.compactMap { $0["address"] as? String }
            }

            func node(_ arguments: String...) async throws -> World.Output {
                try await world.run(["node"] + arguments + ["--manager", manager])
            }
        }

        @Test func `a task runs on the node that has its secret, and waits with the reason while no node has it`()
            async throws
        {
            try await World.with { world in
                let fleet = try Fleet(world)
                try await world.wait(for: "two nodes") {
                    let list = try await fleet.node("list").standardOutput
                    return list.contains("w1") && list.contains("w2")
                }
                try world.service("web", replicas: 2) {
                    $0["files"] = [["source": "secret:password", "target": "password"]]
                    $0["health"] = ["ready": ["command": ["grep", "-q", "hunter2", "password"]]]
                }
                try await world.wait(for: "the reason, with the secret and a node") {
                    let status = try await world.run("status", "web").standardOutput
                    return status.contains("the secret password") && status.contains("such as w1")
                }
                #expect(try world.ledger.entries().isEmpty)

                try fleet.put("password", on: "w2", "hunter2")
                try await world.wait(for: "both tasks on w2") { fleet.nodes(of: "web") == ["w2", "w2"] }
                let shown = try await fleet.node("show", "w2").standardOutput
                #expect(shown.contains("secrets") && shown.contains("password") && !shown.contains("hunter2"))

                // Nothing else has the secret, so the tasks stay, and the drain says why.
                let forecast = try await fleet.node("drain", "w2", "--dry-run")
                #expect(forecast.standardOutput.contains("secret_missing"), "\(forecast.standardOutput)")
                try fleet.put("password", on: "w1", "hunter2")
                let drained = try await fleet.node("drain", "w2", "--wait", "--timeout", "1m")
                #expect(drained.status == 0, "\(drained.standardOutput)")
                // The status is written a moment after the drain has ended.
                try await world.wait(for: "both tasks on w1") { fleet.nodes(of: "web") == ["w1", "w1"] }
                #expect(!world.log().contains("hunter2"))
            }
        }

        @Test func `a task reaches its dependency on another node, whose endpoint moves when that node is silent`()
            async throws
        {
            try await World.with { world in
                let fleet = try Fleet(world)
                // The secrets decide which node each of them gets.
                try fleet.put("database", on: "w1", "x")
                try fleet.put("shop", on: "w2", "x")
                try world.service("database") {
                    $0["files"] = [["source": "secret:database", "target": "secret"]]
                    $0["ports"] = [["name": "sql"]]
                }
                try world.service("shop") {
                    $0["files"] = [["source": "secret:shop", "target": "secret"]]
                    $0["depends_on"] = ["database"]
                    $0["env"] = ["VERSION": "$(DATABASE_SQL_ADDRESS)"]
                }
                try await world.wait(for: "the shop") { fleet.nodes(of: "shop") == ["w2"] }
                #expect(fleet.nodes(of: "database") == ["w1"])
                let address = try #require(fleet.addresses(of: "database").first)
                #expect(address.hasPrefix("127.0.0.2:"))
                #expect(try world.ledger.living()["shop/0"]?.version == address)

                // Another node can take over only when it has the secret. Until then, the only endpoint stays listed.
                fleet.workers[0].kill(SIGSTOP)
                defer { fleet.workers[0].kill(SIGCONT) }
                try await world.wait(for: "a silent node") {
                    try await fleet.node("list").standardOutput.contains("silent")
                }
                #expect(fleet.addresses(of: "database") == [address])
                try fleet.put("database", on: "w2", "x")
                try await world.wait(for: "the endpoint on w2") {
                    fleet.addresses(of: "database").map { $0.hasPrefix("127.0.0.3:") } == [true]
                }
                // The shop keeps its address until it is restarted.
                #expect(try await world.run("restart", "shop").status == 0)
                try await world.wait(for: "the new address") {
                    try world.ledger.living()["shop/0"]?.version == fleet.addresses(of: "database").first
                }
            }
        }
    }
}
