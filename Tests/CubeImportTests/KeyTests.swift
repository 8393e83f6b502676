import Testing

@testable import CubeImport

/// No key of the Compose specification is dropped silently.
@Suite struct KeyTests {
    /// The keys of a service in the schema of the specification, each with a value.
    private static let keys: [String: String] = [
        "annotations": "{a: b}", "attach": "false", "blkio_config": "{weight: 300}", "build": ".",
        "cap_add": "[NET_ADMIN]",
        "cap_drop": "[ALL]", "cgroup": "host", "cgroup_parent": "x", "command": "[sleep, '1']", "configs": "[c]",
        "container_name": "x", "cpu_count": "2", "cpu_percent": "50", "cpu_period": "50000", "cpu_quota": "50000",
        "cpu_rt_period": "1000", "cpu_rt_runtime": "1000", "cpu_shares": "512", "cpus": "0.5", "cpuset": "0-1",
        "credential_spec": "{file: a}", "depends_on": "[other]", "deploy": "{replicas: 2}", "develop": "{watch: []}",
        "device_cgroup_rules": "['c 1:3 mr']", "devices": "[/dev/fuse]", "dns": "1.1.1.1", "dns_opt": "[use-vc]",
        "dns_search": "a.example", "domainname": "a.example", "entrypoint": "[/x]", "env_file": "a.env",
        "environment": "{A: b}", "expose": "['80']", "extends": "other", "external_links": "[a]",
        "extra_hosts": "['a:1.1.1.1']", "gpus": "all", "group_add": "[mail]",
        "healthcheck": "{test: 'true'}", "hostname": "x", "image": "other:2", "init": "true", "ipc": "host",
        "isolation": "x",
        "label_file": "a.labels", "labels": "{a: b}", "links": "['other:alias']", "logging": "{driver: syslog}",
        "mac_address": "02:42:ac:11:65:43", "mem_limit": "64m", "mem_reservation": "32m", "mem_swappiness": "10",
        "memswap_limit": "128m", "models": "[m]", "network_mode": "host", "networks": "[front]",
        "oom_kill_disable": "true",
        "oom_score_adj": "500", "pid": "host", "pids_limit": "10", "platform": "linux/arm64", "ports": "['80:80']",
        "post_start": "[{command: x}]", "pre_stop": "[{command: x}]", "privileged": "true", "profiles": "[p]",
        "provider": "{type: x}", "pull_policy": "always", "pull_refresh_after": "24h", "read_only": "true",
        "restart": "on-failure", "runtime": "runsc", "scale": "2", "secrets": "[s]", "security_opt": "['seccomp:x']",
        "shm_size": "1g", "stdin_open": "true", "stop_grace_period": "3s", "stop_signal": "SIGINT",
        "storage_opt": "{size: 1g}",
        "sysctls": "{net.core.somaxconn: 1024}", "tmpfs": "/run", "tty": "true", "ulimits": "{nofile: 1024}",
        "use_api_socket": "true", "user": "'1000'", "userns_mode": "host", "uts": "host", "volumes": "['v:/v']",
        "volumes_from": "[other]", "working_dir": "/x",
    ]

    private static func importing(_ lines: String) -> Import {
        let text = """
            services:
              web:
                image: web:1
            \(lines)
              other:
                image: other:1
                command: [other]
            volumes: {v: {}}
            networks: {front: {}}
            configs: {c: {content: x}}
            secrets: {s: {file: ./s}}
            """
        let files = ["/p/compose.yaml": text, "/p/a.env": "A=b\n", "/p/s": "x"]
        return Import.compose(ComposeRequest(files: ["/p/compose.yaml"], profiles: ["p"], workingDirectory: "/p")) {
            path in
            files[path].map { .file(Array($0.utf8), isExecutable: false) } ?? .missing
        }
    }

    @Test func `the table has exactly the keys of the specification`() {
        #expect(Set(ServiceKey.table.map(\.name)) == Set(Self.keys.keys))
        #expect(ServiceKey.table.count == Self.keys.count)
    }

    @Test func `each key changes the manifest or is noted`() throws {
        let plain = Self.importing("")
        // The image is that of every import here, and the profile is active.
        for (key, value) in Self.keys.sorted(by: { $0.key < $1.key })
        where !["image", "profiles"].contains(key) {
            let result = Self.importing("    \(key): \(value)")
            let isNoted = result.notes.contains { $0.key?.hasPrefix(key) == true && !plain.notes.contains($0) }
            let isTranslated = result.manifests.first { $0.name == "web" } != plain.manifests.first { $0.name == "web" }
            #expect(isNoted || isTranslated, "\(key)")
            #expect(!result.isInvalid, "\(key): \(result.notes.filter { $0.level == .error }.map(\.message))")
        }
    }

    @Test(
        arguments: [
            "deploy": "replica", "healthcheck": "tests", "depends_on": "other", "networks": "nonet",
        ].map { ($0.key, $0.value) })
    func `an unknown key inside of a key is an error`(key: String, inner: String) {
        let value =
            key == "depends_on" ? "{other: {until: x}}" : key == "networks" ? "{front: {\(inner): x}}" : "{\(inner): x}"
        let result = Self.importing("    \(key): \(value)")
        #expect(result.notes.contains { $0.reason == .unknownKey && $0.level == .error && $0.place.line == 4 })
    }

    @Test func `every combination of keys gives valid manifests`() {
        let seed: UInt64 = 12
        var state = seed
        func next(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        let keys = Self.keys.filter { $0.key != "image" && $0.key != "networks" }.sorted { $0.key < $1.key }
        for _ in 0..<300 {
            let chosen = keys.filter { _ in next(6) == 0 }
            let lines = chosen.map { "    \($0.key): \($0.value)" }.joined(separator: "\n")
            let result = Self.importing(lines)
            #expect(!result.isInvalid, "seed \(seed):\n\(lines)\n\(result.notes.filter { $0.level == .error })")
            for manifest in result.manifests {
                #expect(manifest.problems(beside: result.files) == [], "seed \(seed):\n\(lines)")
            }
        }
    }

    @Test func `the restart policy of a job does not depend on the order of the keys`() {
        let mode = "mode: replicated-job"
        let policy = "restart_policy: {condition: on-failure, max_attempts: 3}"
        let first = Self.importing("    deploy: {\(mode), \(policy)}").manifests.first { $0.name == "web" }
        let last = Self.importing("    deploy: {\(policy), \(mode)}").manifests.first { $0.name == "web" }
        #expect(first != nil && first == last)
        #expect(last?.text.contains(#""restart": {"policy": "on_failure", "max": 3}"#) == true)
    }

    @Test(arguments: [
        ("cpu_quota: 50000", #""limits": {"cpu": 0.5}"#), ("cpu_quota: 1", #""limits": {"cpu": 0.01}"#),
        ("cpu_quota: 1e300", nil), ("cpu_quota: inf", nil), ("cpu_quota: 1e7\n    cpu_period: 0", nil),
    ])
    func `a quota of processor time becomes a limit, or is an error`(lines: String, limit: String?) {
        let result = Self.importing("    \(lines)")
        let errors = result.notes.filter { $0.level == .error }
        guard let limit else { return #expect(errors.map(\.key) == ["cpu_quota"]) }
        #expect(errors == [])
        #expect(result.manifests.first { $0.name == "web" }?.text.contains(limit) == true)
    }

    @Test func `a second constraint on a label is left out with a note`() {
        let constraints = "[node.labels.disk != a, node.labels.disk != b, node.labels.disk != a, node.labels.zone == x]"
        let result = Self.importing("    deploy: {placement: {constraints: \(constraints)}}")
        let web = result.manifests.first { $0.name == "web" }
        #expect(web?.text.contains(#""constraints": {"labels": {"zone": "x"}, "not": {"disk": "a"}}"#) == true)
        let notes = result.notes.filter { $0.level == .omitted && $0.reason == .unsupported }
        #expect(notes.map(\.key) == ["deploy.placement.constraints"])
        #expect(notes.first?.message.hasSuffix(#"disk is compared with "a" already"#) == true)
    }

    @Test(arguments: [
        ("[{spread: node.labels.rack}, {spread: node.labels.rack}]", #""constraints": {"spread": "rack"}"#, []),
        (
            "[{spread: node.labels.rack}, {spread: node.labels.zone}]", #""constraints": {"spread": "rack"}"#,
            ["Cube spreads the tasks of a workload over one label only"]
        ),
        (
            "[{spread: engine.labels.os}]", nil,
            ["Cube spreads tasks over labels of nodes only; give the nodes a label (--label) and use it here"]
        ),
    ])
    func `tasks are spread over one label of the nodes`(preferences: String, constraints: String?, omitted: [String]) {
        let result = Self.importing("    deploy: {placement: {preferences: \(preferences)}}")
        let web = result.manifests.first { $0.name == "web" }
        #expect(web?.text.contains(constraints ?? #""constraints""#) == (constraints != nil))
        #expect(result.notes.filter { $0.level == .omitted }.map(\.message) == omitted)
    }

    @Test func `a file that others may not read is not copied`() throws {
        let lines = "    volumes: ['./key:/key:ro', './conf:/conf:ro']\n    env_file: [a.env, b.env]"
        let text = "services:\n  web:\n    image: web:1\n    restart: always\n\(lines)\n"
        let request = ComposeRequest(files: ["/p/compose.yaml"], workingDirectory: "/p")
        let result = Import.compose(request) { path in
            path == "/p/compose.yaml"
                ? .file(Array(text.utf8), isExecutable: false)
                : .file(Array("A=hidden\n".utf8), isExecutable: false, isPrivate: path != "/p/conf")
        }
        #expect(result.files.map(\.path) == [".files/web/conf"])
        #expect(result.workerOptions == ["--allow-mount /p/key:ro"])
        let web = try #require(result.manifests.first)
        #expect(web.text.contains(#"{"source": "/p/key", "target": "/key", "read_only": true}"#))
        #expect(web.text.contains(#""env_from": ["secret:web.env", "secret:web.2.env"]"#))
        #expect(!result.notes.contains { $0.message.contains("hidden") } && !web.text.contains("hidden"))
        #expect(result.notes.filter { $0.reason == .secretFile && $0.level == .todo }.count == 2)
        #expect(web.problems(beside: result.files) == [])
    }

    @Test(arguments: [
        ("DB_PASS", "x", true), ("MYSQL_PWD", "x", true), ("SIGNING_KEY", "x", true), ("ADMIN_PASSWORD", "x", true),
        ("DSN", "postgres://me:pw@db/x", true), ("CACHE", "redis://:pw@cache:6379", true), ("PWD", "/x", false),
        ("DB_PASS_FILE", "/x", false), ("DSN", "postgres://me@db:5432/x", false), ("DB_PASS", "", false),
        ("URL", "http://a:80/x@y", false), ("MODE", "a:b@c", false), ("TIMES", "://:@", false),
    ])
    func `a value that looks like a secret is noted`(name: String, value: String, isSecret: Bool) {
        let result = Self.importing("    environment: {\(name): '\(value)'}")
        let notes = result.notes.filter { $0.reason == .plainSecret && $0.key == "environment.\(name)" }
        #expect(notes.count == (isSecret ? 1 : 0))
    }

    @Test func `a value from the shell is noted, whatever its name`() {
        let text = "services: {web: {image: x, restart: always, environment: [GITHUB_PAT, NONE, B=c]}}"
        let request = ComposeRequest(
            files: ["/p/compose.yaml"], environment: ["GITHUB_PAT": "hidden"], workingDirectory: "/p")
        let result = Import.compose(request) {
            $0 == "/p/compose.yaml" ? .file(Array(text.utf8), isExecutable: false) : .missing
        }
        #expect(result.notes.filter { $0.reason == .plainSecret }.map(\.key) == ["environment.GITHUB_PAT"])
        #expect(!result.notes.contains { $0.message.contains("hidden") })
    }

    @Test func `a key with the value false or null is no loss`() {
        for key in ["privileged", "init", "tty", "stdin_open", "oom_kill_disable", "use_api_socket"] {
            #expect(Self.importing("    \(key): false").isComplete, "\(key)")
        }
        for key in Self.keys.keys.sorted() where key != "image" {
            #expect(Self.importing("    \(key):").isComplete, "\(key)")
        }
    }

    @Test(arguments: [
        ("    ports: ['x:80']", "ports"), ("    ports: 80", "ports"), ("    volumes: ['a:b']", "volumes"),
        ("    volumes: ['none:/x']", "volumes"), ("    restart: never", "restart"),
        ("    mem_limit: lots", "mem_limit"),
        ("    cpus: -1", "cpus"), ("    networks: [none]", "networks"),
        ("    network_mode: 'service:none'", "network_mode"),
        ("    depends_on: [none]", "depends_on"), ("    configs: [none]", "configs"),
        ("    secrets: [none]", "secrets"),
        ("    healthcheck: {test: [RUN, x]}", "healthcheck.test"),
        ("    healthcheck: {test: x, interval: 30}", "healthcheck.interval"),
        ("    command: \"a 'b\"", "command"), ("    scale: many", "scale"), ("    extends: none", "extends"),
        ("    env_file: none.env", "env_file"), ("    pull_policy: sometimes", "pull_policy"),
        ("    configs: [{source: c, mode: '9'}]", "configs"),
        ("    network_mode: host\n    networks: [front]", "network_mode"), ("    depends_on: [web]", "depends_on"),
        ("    deploy: {mode: some}", "deploy.mode"), ("    labels: 5\n    environment: 5", "environment"),
    ])
    func `an invalid value is an error with its key and position`(lines: String, key: String) throws {
        let result = Self.importing(lines)
        let error = try #require(result.notes.first { $0.level == .error })
        #expect(error.key == key)
        #expect(error.place.line >= 4 && error.place.column > 1)
        #expect(result.manifests.isEmpty && result.files.isEmpty)
    }
}
