import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// Other programs follow the endpoints of tasks: Prometheus through its HTTP service discovery, nginx and HAProxy through files that
    /// `cube watch endpoints` writes.
    @Suite(.timeLimit(.minutes(5)))
    struct EndpointTests {
        private static let examples = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(
                path: "examples")

        private static func has(_ programs: String...) -> Bool {
            programs.allSatisfy { program in
                ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].contains {
                    access("\($0)/\(program)", X_OK) == 0
                }
            }
        }

        /// Writes the manifest of a web server that responds with the number of its replica, and has a metric.
        private func web(_ world: World, replicas: Int) throws {
            try world.write(
                "web",
                [
                    "name": "web", "replicas": replicas, "ports": [["name": "http"]], "update": ["min_healthy": "0s"],
                    "health": ["ready": ["http": ["port": "http", "path": "/metrics"], "interval": "200ms"]],
                    "command": [
                        "sh", "-c",
                        "echo replica $CUBE_ORDINAL >index.html; echo replica $CUBE_ORDINAL >metrics;"
                            + " exec python3 -m http.server $PORT_HTTP --bind 127.0.0.1",
                    ],
                ])
        }

        /// Starts a program that is not `cube`, and leaves it running in the directory of the world.
        private func start(_ command: String, in world: World) throws {
            try world.start([], through: ["sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; exec \(command)"])
        }

        /// Sends the same request several times, and returns the bodies of the responses; `nil` unless all of them are 200.
        private func get(_ url: String, times: Int = 1, in world: World) async throws -> String? {
            let script =
                "import sys, urllib.request as request\nfor _ in range(\(times)): "
                + "print(request.urlopen(sys.argv[1], timeout=5).read().decode())"
            let output = try await world.run([], through: ["sh", "-c", "exec python3 -c '\(script)' '\(url)'"])
            return output.status == 0 ? output.standardOutput : nil
        }

        /// Returns a port that was free a moment ago.
        private func freePort() throws -> UInt16 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
                }
            }
            try #require(isBound)
            return UInt16(bigEndian: address.sin_port)
        }

        // MARK: Prometheus

        @Test(.enabled(if: has("prometheus"), "needs Prometheus: run .ci/setup checks"))
        func `Prometheus finds the replicas of a workload, scrapes them, and follows their number`() async throws {
            try await World.with { world in
                try web(world, replicas: 2)
                let up = try world.start("up")
                try await world.wait(for: "the manager") { world.address("manager") != nil }
                let port = try freePort()
                let configuration = """
                    global: {scrape_interval: 1s}
                    scrape_configs:
                    - job_name: cube
                      http_sd_configs:
                      - url: \(world.address("manager")!)/api/v1/manager/discovery/prometheus?port=http
                        refresh_interval: 1s
                        authorization: {type: Bearer, credentials_file: '\(world.data.path)/tokens/read'}
                      relabel_configs:
                      - {source_labels: [__meta_cube_name, __meta_cube_ordinal], separator: /, target_label: task}
                    """
                try Data(configuration.utf8).write(to: world.directory.appending(path: "prometheus.yml"))
                try start(
                    "prometheus --config.file=prometheus.yml --storage.tsdb.path=tsdb --web.listen-address=127.0.0.1:\(port)",
                    in: world)

                /// The tasks that Prometheus scrapes, with the health of each.
                func targets() async throws -> [String: String] {
                    guard let body = try await get("http://127.0.0.1:\(port)/api/v1/targets", in: world) else {
                        return [:]
                    }
                    let answer = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
                    let active = (answer?["data"] as? [String: Any])?["activeTargets"] as? [[String: Any]] ?? []
                    return Dictionary(
                        active.map {
                            (($0["labels"] as? [String: String])?["task"] ?? "", $0["health"] as? String ?? "")
                        }
                    ) { "\($0), \($1)" }
                }
                try await world.wait(for: "two targets") {
                    try await targets() == ["web/0": "up", "web/1": "up"]
                }
                try web(world, replicas: 3)
                try await world.wait(for: "a third target") {
                    try await targets() == ["web/0": "up", "web/1": "up", "web/2": "up"]
                }
                try web(world, replicas: 1)
                try await world.wait(for: "a single target") { try await targets() == ["web/0": "up"] }
                let sample = try await get("http://127.0.0.1:\(port)/api/v1/query?query=replica", in: world)
                #expect(sample?.contains(#""task":"web/0""#) == true, "\(sample ?? "no response")")
                up.kill(SIGINT)
                #expect(await up.ended() == 0)
            }
        }

        // MARK: Load balancers

        /// A load balancer with the files of an example.
        struct Balancer: Sendable, CustomTestStringConvertible {
            var name: String
            var files: [String]
            /// The command that starts it in the directory of the world, in the background.
            var start: String
            /// Additional content of a file.
            var extra: [String: String] = [:]
            var watch: [String]

            var testDescription: String { name }
        }

        private static let balancers = [
            Balancer(
                name: "nginx", files: ["upstream.jq", "web.conf"], start: "nginx -p . -c nginx.conf",
                extra: [
                    "nginx.conf": """
                    pid nginx.pid; error_log stderr;
                    events {}
                    http {
                        access_log off;
                        client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
                        scgi_temp_path t5;
                        include web.conf;
                    }
                    """
                ],
                watch: [
                    "--render", "jq -r --arg upstream web -f upstream.jq", "--out", "web.upstream", "--exec",
                    "PATH=$PATH:/usr/sbin nginx -p . -c nginx.conf -s reload",
                ]),
            Balancer(
                name: "haproxy", files: ["backend.jq", "haproxy.cfg"],
                start: "haproxy -D -f haproxy.cfg -f web.backend -p haproxy.pid",
                watch: [
                    "--render", "jq -r --arg backend web -f backend.jq", "--out", "web.backend", "--exec",
                    "PATH=$PATH:/usr/sbin haproxy -D -f haproxy.cfg -f web.backend -p haproxy.pid -sf $(cat haproxy.pid)",
                ]),
        ]

        /// Starts a load balancer on a port for the duration of a test.
        private func with(
            _ balancer: Balancer, at port: UInt16, in world: World, _ test: () async throws -> Void
        ) async throws {
            for file in balancer.files {
                let text = try String(
                    contentsOf: Self.examples.appending(path: "\(balancer.name)/\(file)"), encoding: .utf8
                ).replacingOccurrences(of: "127.0.0.1:8000", with: "127.0.0.1:\(port)")
                try Data(text.utf8).write(to: world.directory.appending(path: file))
            }
            for (file, text) in balancer.extra {
                try Data(text.utf8).write(to: world.directory.appending(path: file))
            }
            // The load balancer needs the file when it starts, and the command needs the load balancer.
            let once = try await world.run(
                ["watch", "endpoints", "web", "--port", "http", "--once"] + balancer.watch.prefix(4))
            #expect(once.status == 0, "\(once.standardError)")
            func shell(_ command: String) async throws {
                let output = try await world.run([], through: ["sh", "-c", "PATH=$PATH:/usr/sbin; \(command)"])
                #expect(output.status == 0, "\(output.standardError)")
            }
            try await shell(balancer.start)
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await test()) } catch { outcome = .failure(error) }
            try await shell("kill $(cat \(balancer.name).pid)")
            try outcome.get()
        }

        @Test(
            .enabled(if: has("nginx", "haproxy", "jq"), "needs nginx, HAProxy and jq: run .ci/setup checks"),
            arguments: balancers)
        func `a load balancer follows the replicas, and serves them while the manager is away`(balancer: Balancer)
            async throws
        {
            try await World.with { world in
                let port = try freePort()
                /// The replicas that respond to twelve requests.
                func replicas() async throws -> Set<String> {
                    let bodies = try await get("http://127.0.0.1:\(port)/", times: 12, in: world)
                    return Set((bodies ?? "error").split(separator: "\n").map(String.init))
                }
                try web(world, replicas: 2)
                let up = try world.start("up")
                try await world.wait(for: "two ready replicas") {
                    world.workload("web")?["health"] as? String == "Healthy"
                }
                try await with(balancer, at: port, in: world) {
                    let watch = try world.start(
                        ["watch", "endpoints", "web", "--port", "http", "--pause", "100ms"] + balancer.watch)
                    try await world.wait(for: "two replicas") { try await replicas() == ["replica 0", "replica 1"] }
                    try web(world, replicas: 3)
                    try await world.wait(for: "three replicas") {
                        try await replicas() == ["replica 0", "replica 1", "replica 2"]
                    }

                    up.kill(SIGKILL)
                    _ = await up.ended()
                    try await world.wait(for: "the notice") { watch.text(of: "err").contains("stays as it is") }
                    #expect(try await replicas() == ["replica 0", "replica 1", "replica 2"])
                    try web(world, replicas: 1)
                    let again = try world.start("up")
                    try await world.wait(for: "a single replica") { try await replicas() == ["replica 0"] }
                    watch.kill(SIGTERM)
                    #expect(await watch.ended() == 0)
                    again.kill(SIGINT)
                    #expect(await again.ended() == 0)
                }
            }
        }
    }
}
