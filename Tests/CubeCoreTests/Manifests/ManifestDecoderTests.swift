import CubeErrors
import CubeJSON
import CubeTesting
import CubeTypes
import Foundation
import Testing

@testable import CubeCore

@Suite struct ManifestDecoderTests {
    private func decode(_ text: String) -> DecodedFile { ManifestDecoder.decode(Array(text.utf8), file: "a/web.json") }

    /// A manifest with every supported field, none set to its default.
    static let full = """
        {
          "$schema": "cube.schema.json",
          "$comment": "all of it",
          "name": "web",
          "kind": "job",
          "image": "registry.example/web:1.4",
          "pull": {"policy": "always", "auth": "secret:ghcr"},
          "entrypoint": ["/entry"],
          "command": ["web", "--port", "$(PORT)", ""],
          "env": {"LOG_LEVEL": "info", "EMPTY": ""},
          "env_from": ["secret:web.env"],
          "files": [{"source": "secret:web.conf", "target": "/etc/web.conf", "mode": "0400"}],
          "volumes": [{"source": "/srv", "target": "/data", "read_only": true}, {"name": "pgdata", "target": "/db"}, {"scratch": 67108864, "target": "/tmp"}],
          "working_dir": "/srv/web",
          "user": "web", "security": {"no_new_privileges": false, "read_only_root": true, "capabilities": ["NET_ADMIN"], "devices": ["/dev/net/tun"]},
          "cpu": 0.5, "memory": 134217728, "disk": 1073741824,
          "limits": {"memory": 268435456, "cpu": 1.5, "pids": 200, "open_files": 1024, "disk": 2147483648},
          "network": {"join": ["internal"]},
          "ports": [{"name": "http", "container": 8080}, {"name": "dns-2", "container": 53, "host": 5353, "protocol": "udp"}],
          "health": {"ready": {"http": {"port": "http", "path": "/ready"}, "interval": "1s", "timeout": "3s", "retries": 5},
                     "live": {"command": ["web", "ping"], "interval": "20s", "start_period": "0s"}},
          "restart": {"policy": "never", "max": 3, "within": "5m", "backoff": "500ms", "backoff_max": "2h"},
          "stop": {"signal": "SIGINT", "grace": "90s"},
          "constraints": {"labels": {"zone": "a"}, "not": {"disk": "slow"}, "spread": "zone"},
          "on_lost": "replace", "exclusive": true,
          "labels": {"team": "shop"},
          "replicas": 2, "image_update": {"policy": "semver", "filter": "^1[.]"},
          "update": {"max_unavailable": 2, "min_healthy": "0s"},
          "suspend": true, "prune": false, "depends_on": ["db", "cache"],
          "ignore": ["/labels/team", "/env/a~1b"]
        }
        """

    @Test func `the smallest manifest has the defaults for all other fields`() throws {
        let file = decode(#"{"name": "hello", "command": ["sh"]}"#)
        #expect(file.diagnostics.isEmpty)
        let workload = try #require(file.workloads.first)
        #expect(workload.definition == TaskDefinition(name: WorkloadName(rawValue: "hello")!, command: ["sh"]))
        #expect(
            workload.steering.replicas == 1 && workload.steering.update == UpdatePolicy() && !workload.steering.suspend
                && workload.steering.prune)
    }

    @Test func `every field of the table is decoded into its property`() throws {
        let file = decode(Self.full)
        #expect(file.diagnostics.isEmpty)
        let workload = try #require(file.workloads.first)
        let expected = TaskDefinition(
            name: WorkloadName(rawValue: "web")!, kind: .job, image: "registry.example/web:1.4",
            pull: ImagePull(policy: .always, auth: "secret:ghcr"), entrypoint: ["/entry"],
            command: ["web", "--port", "$(PORT)", ""], env: ["LOG_LEVEL": "info", "EMPTY": ""],
            envFrom: [ContentSource("secret:web.env")], workingDirectory: "/srv/web", user: "web",
            security: TaskSecurity(
                noNewPrivileges: false, readOnlyRoot: true, capabilities: ["NET_ADMIN"], devices: ["/dev/net/tun"]),
            resources: ResourceSpec(millicores: 500, memory: 134_217_728, disk: 1_073_741_824),
            limits: TaskLimits(
                memory: 268_435_456, millicores: 1500, pids: 200, openFiles: 1024, disk: 2_147_483_648),
            network: TaskNetwork(join: [NetworkName(rawValue: "internal")!]),
            ports: [
                PortSpec(name: "http", container: 8080),
                PortSpec(name: "dns-2", container: 53, host: 5353, transport: .udp),
            ],
            files: [TaskFile(source: ContentSource("secret:web.conf"), target: "/etc/web.conf", mode: 0o400)],
            volumes: [
                VolumeMount(.path("/srv"), target: "/data", isReadOnly: true),
                VolumeMount(.volume("pgdata"), target: "/db"), VolumeMount(.scratch(bytes: 67_108_864), target: "/tmp"),
            ],
            health: HealthChecks(
                ready: HealthCheck(
                    http: HTTPProbe(port: .name("http"), path: "/ready"), interval: .seconds(1), timeout: .seconds(3),
                    retries: 5),
                live: HealthCheck(
                    command: ["web", "ping"], interval: .seconds(20), timeout: .seconds(2), startPeriod: .zero)),
            restart: RestartPolicy(
                policy: .never, max: 3, within: .seconds(300), backoff: .milliseconds(500), backoffMax: .seconds(7200)),
            stop: StopPolicy(signal: "SIGINT", grace: .seconds(90)),
            constraints: PlacementConstraints(labels: ["zone": "a"], not: ["disk": "slow"], spread: "zone"),
            onLost: .replace, exclusive: true,
            labels: ["team": "shop"])
        #expect(workload.definition == expected)
        #expect(workload.steering.replicas == 2)
        #expect(workload.steering.imageUpdate == ImageUpdate(policy: .semver, filter: "^1[.]"))
        #expect(workload.steering.update == UpdatePolicy(maxUnavailable: 2, minHealthy: .zero))
        #expect(workload.steering.suspend && !workload.steering.prune)
        #expect(workload.dependsOn.map(\.name.rawValue) == ["db", "cache"])
        #expect(workload.steering.ignore.map(\.tokens) == [["labels", "team"], ["env", "a/b"]])
        #expect(workload.dependsOn.map(\.range.start.column) == [51, 57])
        #expect(workload.file == "a/web.json" && workload.line == 4)
        #expect(workload.range.start == SourcePosition(line: 4, column: 11, byte: 72))

        let keys = Manifest.fields.fields.filter(\.isSupported).map(\.key)
        let written = try #require(JSONSerialization.jsonObject(with: Data(Self.full.utf8)) as? [String: Any])
        #expect(written.keys.sorted() == keys.sorted(), "The manifest of this test has every field.")
    }

    @Test func `every field of update is decoded into its property`() throws {
        let file = decode(
            #"{"name": "a", "command": ["a"], "update": {"max_unavailable": 0, "max_surge": 2, "min_healthy": "1s", "#
                + #""deadline": "5m", "on_failure": "revert"}}"#)
        let expected = UpdatePolicy(
            maxUnavailable: 0, maxSurge: 2, minHealthy: .seconds(1), deadline: .seconds(300), onFailure: .revert)
        #expect(file.workloads.first?.steering.update == expected)
    }

    @Test func `the field table and Codable read the same values`() throws {
        let workload = try #require(decode(Self.full).workloads.first)
        let lenient = try JSONDecoder().decode(TaskDefinition.self, from: Data(Self.full.utf8))
        #expect(lenient == workload.definition)

        let wire = String(decoding: try JSONEncoder().encode(workload.definition), as: UTF8.self)
        #expect(decode(wire).workloads.first?.definition == workload.definition)
        #expect(decode(wire).workloads.first?.specDigest == workload.specDigest)
    }

    @Test func `units are exact, and the order of keys is irrelevant`() throws {
        let one = decode(
            #"{"restart": {"max": 3}, "cpu": 0.001, "memory": "64KiB", "disk": 1.5e3, "kind": "job", "command": ["a"], "name": "a"}"#
        )
        let definition = try #require(one.workloads.first?.definition)
        #expect(definition.resources == ResourceSpec(millicores: 1, memory: 65_536, disk: 1500))
        #expect(definition.restart == RestartPolicy(policy: .onFailure, max: 3))
    }

    @Test func `a file may contain many manifests, or none`() {
        let file = decode(#"[{"name": "a", "command": ["a"]},"# + "\n" + #"{"name": "b", "image": "b"}]"#)
        #expect(file.workloads.map(\.name.rawValue) == ["a", "b"])
        #expect(file.workloads.map(\.line) == [1, 2])
        #expect(decode("[]") == DecodedFile(workloads: [], diagnostics: []))
    }

    @Test func `a file of 1 MiB is read, and a larger file is rejected`() {
        let manifest = #"{"name": "a", "command": ["a"]}"#
        let filler = String(repeating: " ", count: ManifestDecoder.maximumSize - manifest.utf8.count)
        #expect(decode(manifest + filler).workloads.count == 1)
        #expect(decode(manifest + filler + " ").diagnostics.map(\.reason) == [.tooLarge])
    }

    @Test(arguments: ["web", "1000", "1000:1000", "web:www", "4294967294", "DOMAIN\\\\web"])
    func `the user field takes a user, or a user and a group, by name or number`(user: String) {
        #expect(decode(##"{"name": "a", "command": ["a"], "user": "\##(user)"}"##).diagnostics.isEmpty)
    }

    @Test(arguments: ["", ":", "web:", ":www", "a:b:c", "a b", "-1", "4294967295", "99999999999"])
    func `an invalid user name is rejected with the rule`(user: String) {
        let problems = decode(##"{"name": "a", "command": ["a"], "user": "\##(user)"}"##).diagnostics
        #expect(
            problems.map(\.summary) == [
                "user: \"\(user)\" must be a user, or a user and a group such as \"1000:1000\", each by name or number"
            ])
    }

    @Test func `an argument or variable beyond the limit of Linux is rejected without showing its value`() {
        func summaries(_ members: String) -> [String] {
            decode(##"{"name": "a", \##(members)}"##).diagnostics.map(\.summary)
        }
        let most = String(repeating: "v", count: 131_071)
        #expect(summaries(##""command": ["\##(most)"], "env": {"AB": "\##(most.dropLast(3))"}"##) == [])
        #expect(
            summaries(##""command": ["a", "\##(most)v"]"##) == [
                "command[1]: must be at most 131071 bytes long, the limit of Linux for one argument"
            ])
        let rule =
            "must be at most 131071 bytes long with its name and \"=\", the limit of Linux for one variable; "
            + "put a longer value in a file of `files`"
        #expect(
            summaries(##""command": ["a"], "env": {"AB": "\##(most.dropLast(2))"}"##) == ["env[\"AB\"]: \(rule)"])
        // The value of a reference may be shorter than the reference.
        #expect(summaries(##""command": ["a", "\##(most)$(A)"]"##) == [])
        #expect(
            summaries(##""command": ["a"], "health": {"live": {"command": ["a", "\##(most)v"]}}"##).count == 1)
    }

    @Test func `labels beyond the limits of the manager are rejected in a manifest and by the manager`() throws {
        func check(_ labels: [String: String], _ summary: String) throws {
            let json = String(decoding: try JSONEncoder().encode(labels), as: UTF8.self)
            for (member, field) in [
                (#""labels": \#(json)"#, \TaskDefinition.labels),
                (#""constraints": {"labels": \#(json)}"#, \.constraints.labels),
                (#""constraints": {"not": \#(json)}"#, \.constraints.not),
            ] {
                let diagnostics = decode(#"{"name": "web", "command": ["web"], \#(member)}"#).diagnostics
                #expect(diagnostics.count == 1 && diagnostics[0].summary.hasSuffix(summary), "\(diagnostics)")
                var definition = TaskDefinition(name: "web", command: ["web"])
                definition[keyPath: field] = labels
                let refusals = definition.refusals(at: "")
                #expect(refusals.count == 1 && refusals[0].message.hasSuffix(summary), "\(refusals)")
            }
        }
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        let most = Dictionary(uniqueKeysWithValues: (1...TextBounds.labels).map { ("\($0)", "") })
        try check(most.merging(["more": ""]) { $1 }, "must have at most 256 members")
        try check([text(257): ""], "must be 1 to 256 bytes long")
        try check(["a": text(4097)], "must be at most 4096 bytes long")
        let allowed = most.filter { $0.key != "1" }.merging([text(256): text(4096)]) { $1 }
        let json = String(decoding: try JSONEncoder().encode(allowed), as: UTF8.self)
        #expect(decode(#"{"name": "web", "command": ["web"], "labels": \#(json)}"#).diagnostics == [])
    }

    @Test func `a definition that a worker gets over the API obeys the same rules`() {
        let long = String(repeating: "v", count: 131_072)
        let definition = TaskDefinition(
            name: WorkloadName(rawValue: "a")!, command: ["a", long], env: ["B": long], user: "a:b:c")
        #expect(
            definition.problems(at: "definition").map(\.field) == [
                "definition.command[1]", "definition.env[\"B\"]", "definition.user",
            ])
    }

    @Test func `a security field that only a container can have is rejected for a process`() {
        for (field, value) in [
            ("read_only_root", "true"), ("capabilities", #"["NET_ADMIN"]"#), ("devices", #"["/dev/net/tun"]"#),
        ] {
            let problems = decode(
                ##"{"name": "a", "command": ["a"], "security": {"\##(field)": \##(value)}}"##
            ).diagnostics
            #expect(problems.map(\.summary) == ["security.\(field): must not be set without \"image\""])
        }
    }

    @Test(arguments: [
        (
            #""capabilities": ["CAP_NET_ADMIN"]"#,
            "security.capabilities[0]: \"CAP_NET_ADMIN\" must be a capability of Linux without CAP_, such as NET_ADMIN",
            "did you mean \"NET_ADMIN\"?"
        ),
        (
            #""capabilities": ["NET_ADMN"]"#,
            "security.capabilities[0]: \"NET_ADMN\" must be a capability of Linux without CAP_, such as NET_ADMIN",
            "did you mean \"NET_ADMIN\"?"
        ),
        (
            #""capabilities": ["ALL"]"#,
            "security.capabilities[0]: \"ALL\" must be a capability of Linux without CAP_, such as NET_ADMIN",
            "name each capability that the task needs"
        ),
        (
            #""capabilities": ["NET_RAW", "NET_RAW"]"#, "security.capabilities[1]: \"NET_RAW\" is a duplicate", ""
        ),
        (
            #""devices": ["/dev/../etc"]"#,
            "security.devices[0]: \"/dev/../etc\" must be an absolute path below /dev without \".\" or \"..\"", ""
        ),
        (#""devices": ["/dev/a", "/dev/a"]"#, "security.devices[1]: \"/dev/a\" is a duplicate", ""),
    ])
    func `a capability or device that cannot be meant is rejected`(member: String, summary: String, detail: String) {
        let problems = decode(##"{"name": "a", "image": "a:1", "security": {\##(member)}}"##).diagnostics
        #expect(problems.map(\.summary) == [summary])
        #expect(problems.map(\.detail) == [detail])
    }

    @Test func `no message contains a value of the environment`() {
        let file = decode(
            #"{"name": "a", "command": [], "env": {"A": ["hunter2"], "B": "hunter2\u0000", "": "hunter2"}}"#)
        #expect(file.diagnostics.count == 3)
        #expect(!file.diagnostics.contains { "\($0)".contains("hunter2") })
    }

    @Test func `an object without manifest fields yields a single error`() {
        let file = decode(#"[{"listen": "0.0.0.0", "port": 80}, {"$comment": "x", "image": "y"}, {}]"#)
        #expect(
            file.diagnostics.map(\.summary) == ["not a manifest: the object has no manifest fields"]
                + Array(repeating: #"missing key "name""#, count: 2))
    }

    @Test func `a file with many errors yields the first 100 of them`() {
        let manifest = #"{"name":3,"# + (0..<60_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        #expect(decode(manifest).diagnostics.last?.summary == "59901 more problems are not shown")
        let names = (0..<20_000).map { #"{"name":"a\#($0 % 2)","command":3}"# }.joined(separator: ",")
        #expect(decode("[\(names)]").diagnostics.count == 101)
    }

    @Test func `a manifest with shuffled values yields either workloads or errors in order`() {
        var generator = SeededGenerator()
        print("manifests: seed \(generator.seed)")
        let values = [
            "null", "true", "-1", "0", "2.5", "1e99", "[]", "{}", #""""#, #""5s""#, #""1GiB""#, #""job""#, #"["a"]"#,
            #"{"a": "b"}"#, #"{"max": 2, "max": 3}"#, "[", "}",
        ]
        let lines = Self.full.split(separator: "\n", omittingEmptySubsequences: false)
        var read = 0
        for _ in 0..<2000 {
            let mutated = lines.map { line in
                guard Int.random(in: 0..<8, using: &generator) == 0, let colon = line.firstIndex(of: ":") else {
                    return String(line)
                }
                return line[...colon] + generator.pick(values) + (line.hasSuffix(",") ? "," : "")
            }
            let file = decode(mutated.joined(separator: "\n"))
            let places = file.diagnostics.map(\.range.start.byte)
            #expect(places == places.sorted(), "seed \(generator.seed)")
            #expect(file.workloads.isEmpty != file.diagnostics.isEmpty, "seed \(generator.seed)")
            read += file.workloads.count
        }
        print("manifests: \(read) of 2000 read")
    }
}
