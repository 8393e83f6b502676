import CubeJSON
import CubeTypes
import Testing

@testable import CubeCore

/// Digests must never change, because an upgrade must restart no task. The expected values were computed with other tools from
/// the canonical text in the comments.
@Suite struct DigestTests {
    private func workload(_ text: String) throws -> Workload {
        try #require(ManifestDecoder.decode(Array(text.utf8), file: "web.json").workloads.first)
    }

    @Test func `the digests of a small manifest never change`() throws {
        let workload = try workload(##"{"name": "hello", "command": ["sh", "-c", "echo é\n\u0001\/"]}"##)
        // {"command":["sh","-c","echo é\n\u0001/"]}
        #expect(
            workload.specDigest.rawValue == "sha256:015424cd3731a2681089997e9e41f64425abe6a76231b1afc708e4ccb63ef998")
        // {}
        #expect(
            workload.settingsDigest.rawValue
                == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
    }

    @Test(arguments: ["", #""kind": "job", "#])
    func `the digests that are computed while a manifest is read are those of its definition`(kind: String) throws {
        var compared = 0
        let fields = ManifestFields.standard.manifest.descriptions
        for field in fields where !["name", "kind", "command"].contains(field.key) {
            let text =
                #"{\#(kind)"name": "hello", "command": ["true"], "image": "web:1", "\#(field.key)": \#(field.example.line)}"#
            // Not every example fits both kinds.
            guard let workload = ManifestDecoder.decode(Array(text.utf8), file: "web.json").workloads.first else {
                continue
            }
            #expect(workload.specDigest == workload.definition.specDigest, "\(text)")
            #expect(workload.settingsDigest == workload.definition.settingsDigest, "\(text)")
            compared += 1
        }
        #expect(compared > fields.count / 2)
    }

    @Test func `the digests of a manifest with every field never change`() throws {
        // Each field that a later version adds gets an entry like these, with the digest of the manifest before it is removed.
        let later = [
            // With {"read_only":true,"source":"/srv","target":"/data"} and {"name":"pgdata","target":"/db"} before the scratch space.
            (
                field:
                    #"{"source": "/srv", "target": "/data", "read_only": true}, {"name": "pgdata", "target": "/db"}, "#,
                digest: "sha256:d52cbdbb4e9b717d33001d7e7b6dd999aa360281f9a0a8e384123ddef1e842ce"
            ),
            // With "limits":{"cpu":1500,"disk":2147483648,"memory":268435456,"open_files":1024,"pids":200} after "kind".
            (
                field:
                    #""limits": {"memory": 268435456, "cpu": 1.5, "pids": 200, "open_files": 1024, "disk": 2147483648},"#,
                digest: "sha256:1f5410b67cac2bda9ceb7ecbc99eda8c217146264c2bb9d1a029c391ac0a8ac8"
            ),
            // With "network":{"join":["internal"]} after "memory".
            (
                field: #""network": {"join": ["internal"]},"#,
                digest: "sha256:9d725de8eefbb7272cb73967bafd651c4aa57cb7614c5bae8ed32cb66e39313e"
            ),
            // With "capabilities":["NET_ADMIN"],"devices":["/dev/net/tun"], and "read_only_root":true at its end, in "security".
            (
                field: #", "read_only_root": true, "capabilities": ["NET_ADMIN"], "devices": ["/dev/net/tun"]"#,
                digest: "sha256:469c19859ae15294658ff227ba005654dee01880dd4ea66a3516c5dc8ea9d4dd"
            ),
            // With "pull":{"auth":"secret:ghcr","policy":"always"} after "ports".
            (
                field: #""pull": {"policy": "always", "auth": "secret:ghcr"},"#,
                digest: "sha256:d67d4fc1627fbea5a59afedc174a55fb9738f2fad79deec288b1708ad39d7621"
            ),
            // With "volumes":[{"scratch":67108864,"target":"/tmp"}] after "user".
            (
                field: #""volumes": [{"scratch": 67108864, "target": "/tmp"}],"#,
                digest: "sha256:d1f7138c1f1b85410d8dbd11361b887a6d607d2a91b4e631982150bb6be1fc34"
            ),
            // With "entrypoint":["/entry"] after "disk".
            (
                field: #""entrypoint": ["/entry"],"#,
                digest: "sha256:0f2541b9a3deab51c7386d2455d42c98bb93d975e191f055325cd0150446ed70"
            ),
        ]
        var text = ManifestDecoderTests.full
        for (field, digest) in later {
            #expect(try workload(text).specDigest.rawValue == digest)
            #expect(text.contains(field))
            text = text.replacing(field, with: "")
        }
        // The settings below, with "spread":"zone" at the end of "constraints", "exclusive":true after them and "on_lost":"replace"
        // after the labels.
        #expect(
            try workload(text).settingsDigest.rawValue
                == "sha256:f5095baaad046b56b64f48b36fbd302256bb36e339d87dc50a3a5d31a7550a4a")
        let exclusive = #" "exclusive": true,"#
        #expect(text.contains(exclusive))
        text = text.replacing(exclusive, with: "")
        // The settings below, with "spread":"zone" at the end of "constraints" and "on_lost":"replace" after the labels.
        let spread = #", "spread": "zone""#
        #expect(
            try workload(text).settingsDigest.rawValue
                == "sha256:193303d91e5fb726e217684d3723646010382f9fae7a09aa985a9fbcebdd55eb")
        #expect(text.contains(spread))
        text = text.replacing(spread, with: "")
        // The settings below, with "on_lost":"replace" after the labels.
        #expect(
            try workload(text).settingsDigest.rawValue
                == "sha256:243564073d725dd7ecd53d2bc97a9d36ceccfb15435f225423197e04925b37ec")
        text = text.replacing(#""on_lost": "replace","#, with: "")
        let workload = try workload(text)
        // {"command":["web","--port","$(PORT)",""],"cpu":500,"disk":1073741824,"env":{"EMPTY":"","LOG_LEVEL":"info"},
        // "env_from":["secret:web.env"],"files":[{"mode":"0400","source":"secret:web.conf","target":"/etc/web.conf"}],
        // "image":"registry.example/web:1.4","kind":"job","memory":134217728,"ports":[{"container":8080,"name":"http"},
        // {"container":53,"host":5353,"name":"dns-2","protocol":"udp"}],"security":{"no_new_privileges":false},"user":"web","working_dir":"/srv/web"}
        #expect(
            workload.specDigest.rawValue == "sha256:a881a6aec2790275126bc345e270cffd9c1c710ccad94045437ce62c6e95d971")
        // {"constraints":{"labels":{"zone":"a"},"not":{"disk":"slow"}},"health":{"live":{"command":["web","ping"],
        // "interval":20000,"start_period":0},"ready":{"http":{"path":"/ready","port":"http"},"interval":1000,"retries":5,
        // "timeout":3000}},"labels":{"team":"shop"},"restart":{"backoff":500,"backoff_max":7200000,"max":3,"policy":"never","within":300000},"stop":{"grace":90000,"signal":"SIGINT"}}
        #expect(
            workload.settingsDigest.rawValue
                == "sha256:ed0240bdd643b63c03ea5a7c40a1b3493a862d5c1ac5d947bd94578a32479949")
    }

    @Test(
        arguments: [
            #""kind": "service", "restart": {"policy": "always", "within": "600s", "backoff": "1000ms"}"#,
            #""env": {}, "labels": {}, "constraints": {"labels": {}, "not": {}}, "health": {}, "stop": {}, "restart": {}"#,
            #""pull": {"policy": "missing"}"#, #""security": {}"#, #""security": {"no_new_privileges": false}"#,
            #""cpu": 0, "memory": "0KiB", "disk": 0.0, "stop": {"signal": "SIGTERM", "grace": "10s"}"#,
            #""replicas": 7, "suspend": true, "prune": false, "update": {"max_unavailable": 3}, "$comment": "x""#,
        ])
    func `a field that is set to its default is in no digest`(fields: String) throws {
        let plain = try workload(#"{"name": "a", "command": ["a"]}"#)
        let written = try workload(#"{"name": "b", "command": ["a"], \#(fields)}"#)
        #expect(written.specDigest == plain.specDigest)
        #expect(written.settingsDigest == plain.settingsDigest)
    }

    @Test func `a service has no restart limit unless its manifest sets one, which is part of the digest`() throws {
        let plain = try workload(#"{"name": "a", "command": ["a"]}"#)
        #expect(plain.definition.restart.max == nil)
        let limited = try workload(#"{"name": "a", "command": ["a"], "restart": {"max": 10}}"#)
        #expect(limited.settingsDigest != plain.settingsDigest && limited.specDigest == plain.specDigest)
    }

    @Test func `the default privileges of a user are in no digest`() throws {
        let table: [(user: String, standard: Bool)] = [
            ("web", true), ("1000:0", true), ("root", false), ("0:1000", false),
        ]
        for (user, standard) in table {
            let plain = try workload(##"{"name": "a", "command": ["a"], "user": "\##(user)"}"##)
            #expect(plain.definition.forbidsNewPrivileges == standard)
            for written in [true, false] {
                let other = try workload(
                    ##"{"name": "a", "command": ["a"], "user": "\##(user)", "security": {"no_new_privileges": \##(written)}}"##
                )
                #expect((other.specDigest == plain.specDigest) == (written == standard), "\(user) \(written)")
                #expect(other.definition.forbidsNewPrivileges == written)
            }
        }
    }

    @Test func `the defaults that depend on the kind are in no digest`() throws {
        let plain = try workload(#"{"name": "a", "kind": "job", "command": ["a"]}"#)
        let written = try workload(
            #"{"restart": {"policy": "on_failure", "max": 10}, "name": "a", "kind": "job", "command": ["a"]}"#)
        #expect(written.settingsDigest == plain.settingsDigest)
        #expect(plain.settingsDigest == (try workload(#"{"name": "a", "command": ["a"]}"#)).settingsDigest)
        for kind in [TaskKind.service, .job] {
            for policy in [LostNodePolicy.replace, .wait] {
                let other = try workload(
                    #"{"on_lost": "\#(policy)", "name": "a", "kind": "\#(kind)", "command": ["a"]}"#)
                #expect((other.settingsDigest == plain.settingsDigest) == (policy == .standard(for: kind)))
                #expect(other.definition.onLost == policy)
            }
        }
    }
}
