import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// The configuration of a task besides its command: files, secrets, ports.
    @Suite struct ConfigurationTests {
        @Test func `a task reaches its dependency at the address in its environment`() async throws {
            try await World.with { world in
                let found = world.directory.appending(path: "found")
                let listen = #"LocalAddr => "127.0.0.1", LocalPort => $ENV{PORT_STOCK}, Listen => 8, ReuseAddr => 1"#
                try world.write(
                    "database",
                    [
                        "name": "shop-db", "ports": [["name": "stock"]], "update": ["min_healthy": "0s"],
                        "health": ["ready": ["tcp": ["port": "stock"], "interval": "200ms"]],
                        "command": [
                            "perl", "-MIO::Socket::INET", "-e",
                            "my $s = IO::Socket::INET->new(\(listen)) or die;"
                                + #" while (my $c = $s->accept) { print $c "apples\n"; close $c }"#,
                        ],
                    ])
                try world.write(
                    "shop",
                    [
                        "name": "shop", "kind": "job", "depends_on": ["shop-db"],
                        "env": ["FROM": "at $(SHOP_DB_STOCK_ADDRESS)", "FOUND": found.path],
                        "command": [
                            "perl", "-MIO::Socket::INET", "-e",
                            #"my $c = IO::Socket::INET->new($ARGV[0]) or die; open my $f, ">", $ENV{FOUND} or die;"#
                                + #" print {$f} <$c>, $ENV{FROM}; close $f or die"#,
                            "$(SHOP_DB_STOCK_ADDRESS)",
                        ],
                    ])
                let up = try world.start("up")
                try await world.wait(for: "the completed job") {
                    let tasks = world.workload("shop")?["tasks"] as? [[String: Any]]
                    return tasks?.contains { $0["state"] as? String == "completed" } ?? false
                }
                let endpoints = try #require(world.workload("shop-db")?["endpoints"] as? [[String: Any]])
                let address = try #require(endpoints.first?["address"] as? String)
                #expect(try String(contentsOf: found, encoding: .utf8) == "apples\nat \(address)")
                up.kill(SIGINT)
                #expect(await up.ended() == 0)
            }
        }

        @Test func `a changed file rolls out, only the task gets its secret, and the task knows its port`()
            async throws
        {
            try await World.with { world in
                let secrets = world.directory.appending(path: "secrets")
                try FileManager.default.createDirectory(at: secrets, withIntermediateDirectories: true)
                try Data("hunter2".utf8).write(to: secrets.appending(path: "password"))
                func version(_ number: Int) throws {
                    try Data("VERSION=\(number)\n".utf8).write(to: world.manifests.appending(path: "web.env"))
                }
                try version(1)
                try world.service("web") {
                    $0["env"] = nil
                    $0["env_from"] = ["web.env"]
                    $0["files"] = [["source": "secret:password", "target": "password"]]
                    $0["ports"] = [["name": "http"]]
                    $0["health"] = [
                        "ready": [
                            "command": ["sh", "-c", "test $PORT_HTTP -ge 20000 && test $(wc -c < password) -eq 7"]
                        ]
                    ]
                }
                let up = try world.start("up", "--secrets", secrets.path)
                try await world.wait(for: "a ready task") { world.workload("web")?["health"] as? String == "Healthy" }
                #expect(try world.ledger.living()["web/0"]?.version == "1")
                let endpoints = try #require(world.workload("web")?["endpoints"] as? [[String: Any]])
                #expect(endpoints.map { $0["name"] as? String } == ["http"])
                let address = try #require(endpoints.first?["address"] as? String).split(separator: ":")
                #expect(address.first == "127.0.0.1")
                #expect(address.last.flatMap { Int($0) }.map((20_000...31_999).contains) == true, "\(address)")

                try version(2)
                try await world.wait(for: "version 2") { try world.ledger.living()["web/0"]?.version == "2" }
                try await world.wait(for: "a ready task again") {
                    world.workload("web")?["sync"] as? String == "Synced"
                        && world.workload("web")?["health"] as? String == "Healthy"
                }

                try FileManager.default.removeItem(at: world.manifests.appending(path: "web.env"))
                try await world.wait(for: "the missing file in the status") {
                    "\(world.workload("web") ?? [:])".contains("does not exist")
                }
                #expect(try world.ledger.living()["web/0"]?.version == "2", "Unreadable is not absent.")
                #expect(try world.ledger.contradictions() == [])

                for view in [["status", "-o", "json"], ["explain", "web"], ["task", "list", "-o", "json"]] {
                    let program = try world.start(view)
                    await program.ended()
                    #expect(
                        !program.text(of: "out").contains("hunter2") && !program.text(of: "out").contains("VERSION="))
                }
                for folder in ["status", "drift"] {
                    let files = FileManager.default.enumerator(
                        at: world.data.appending(path: folder), includingPropertiesForKeys: nil)
                    for case let file as URL in files ?? .init() where !file.hasDirectoryPath {
                        #expect(!(try String(contentsOf: file, encoding: .utf8)).contains("hunter2"))
                    }
                }
                up.kill(SIGINT)
                #expect(await up.ended() == 0)
                #expect(!up.text(of: "err").contains("hunter2"))
            }
        }
    }
}
