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

    @Test func `the digests of a manifest with every field never change`() throws {
        let entrypoint = #""entrypoint": ["/entry"],"#
        #expect(ManifestDecoderTests.full.contains(entrypoint))
        // The same with "entrypoint":["/entry"] after "disk". Each field that a later version adds gets a line like this one.
        #expect(
            try workload(ManifestDecoderTests.full).specDigest.rawValue
                == "sha256:0f2541b9a3deab51c7386d2455d42c98bb93d975e191f055325cd0150446ed70")
        let workload = try workload(ManifestDecoderTests.full.replacing(entrypoint, with: ""))
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
            #""security": {}"#, #""security": {"no_new_privileges": false}"#,
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

    @Test func `the default restart policy of a job is in no digest`() throws {
        let plain = try workload(#"{"name": "a", "kind": "job", "command": ["a"]}"#)
        let written = try workload(
            #"{"restart": {"policy": "on_failure", "max": 10}, "name": "a", "kind": "job", "command": ["a"]}"#)
        #expect(written.settingsDigest == plain.settingsDigest)
        #expect(plain.settingsDigest == (try workload(#"{"name": "a", "command": ["a"]}"#)).settingsDigest)
    }
}
