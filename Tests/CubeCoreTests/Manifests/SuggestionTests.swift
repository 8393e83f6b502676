import CubeJSON
import CubeTypes
import Testing

@testable import CubeCore

/// Suggestions for people who write manifests in the form of other systems.
@Suite struct SuggestionTests {
    @Test(
        arguments: [
            (#""memory": "600M""#, #"did you mean "600MiB"?"#),
            (#""memory": "1G""#, #"did you mean "1GiB"?"#),
            (#""memory": "1.5 gb""#, #"did you mean "1536MiB"?"#),
            (#""disk": "2048Ki""#, #"did you mean "2MiB"?"#),
            (#""memory": "a lot""#, ""),
            (#""memory": "99999999T""#, ""),
            (#""stop": {"grace": "1m30s"}"#, #"did you mean "90s"?"#),
            (#""stop": {"grace": "1d"}"#, #"did you mean "24h"?"#),
            (#""stop": {"grace": "5 seconds"}"#, #"did you mean "5s"?"#),
            (#""stop": {"grace": "1.5h"}"#, #"did you mean "90m"?"#),
            (#""stop": {"grace": "30"}"#, #"did you mean "30s"?"#),
            (#""stop": {"grace": 30}"#, "write it in quotes, with its unit: ms, s, m or h"),
            (#""stop": {"grace": "soon"}"#, ""),
            (#""stop": {"signal": "TERM"}"#, #"did you mean "SIGTERM"?"#),
            (#""stop": {"signal": "sigint"}"#, #"did you mean "SIGINT"?"#),
            (#""stop": {"signal": "15"}"#, #"did you mean "SIGTERM"?"#),
            (#""restart": {"policy": "unless-stopped"}"#, #"did you mean "always"?"#),
            (#""restart": {"policy": "on-failure"}"#, #"did you mean "on_failure"?"#),
            (#""restart": {"policy": "OnFailure"}"#, #"did you mean "on_failure"?"#),
            (#""restart": {"policy": "no"}"#, #"did you mean "never"?"#),
            (#""restart": "unless-stopped""#, #"such as {"backoff_max": "5m", "policy": "always"}"#),
            (#""kind": "Deployment""#, #"did you mean "service"?"#),
            (#""ports": [{"name": "http", "protocol": "TCP"}]"#, #"did you mean "tcp"?"#),
            (#""ports": ["8080:80"]"#, #"such as {"name": "http"}"#),
            (#""ports": 80"#, #"such as [{"name": "http"}]"#),
            (#""env": {"PORT": 8080}"#, "write it in quotes"),
            (#""env": {"DEBUG": true}"#, "write it in quotes"),
            (#""env": ["A=1"]"#, #"such as {"LOG_LEVEL": "info"}"#),
            (#""user": 1000"#, "write it in quotes"),
            (#""replicas": "3""#, "leave out the quotes"),
            (#""suspend": "true""#, "leave out the quotes"),
            (#""cpu": "500m""#, "did you mean 0.5?"),
            (#""cpu": "0.5""#, "leave out the quotes"),
            (#""depends_on": {"db": {}}"#, #"such as ["db"]"#),
            (#""depends_on": ["my_db"]"#, #"did you mean "my-db"?"#),
        ])
    func `a value in the form of another system yields the right form`(member: String, detail: String) {
        #expect(details(of: "{\"name\": \"x\", \"command\": [\"x\"], \(member)}") == [detail])
    }

    @Test func `a command in one string yields an example with a shell`() {
        #expect(details(of: #"{"name": "x", "command": "npm start"}"#) == [#"such as ["sh", "-c", "…"]"#])
    }

    @Test(arguments: [
        ("my_app", "my-app"), ("web.example", "web-example"), ("Web Server", "web-server"), ("-x-", "x"),
    ])
    func `an invalid name yields the nearest valid name`(name: String, nearest: String) {
        let details = details(of: "{\"name\": \"\(name)\", \"command\": [\"x\"]}")
        #expect(details == ["did you mean \"\(nearest)\"?"])
    }

    @Test(arguments: ["日本", "grüße", "Мой Сайт", "café-2"])
    func `a name with letters of another alphabet has no nearest name`(name: String) {
        #expect(details(of: "{\"name\": \"\(name)\", \"command\": [\"x\"]}") == [""])
    }

    @Test(
        arguments: [
            (#""environment": {}"#, "\"env\""), (#""healthcheck": {}"#, "\"health\""),
            (#""livenessProbe": {}"#, "\"health.live\""), (#""restart_policy": "always""#, "\"restart\""),
            (#""entrypoint": ["x"]"#, "\"command\""), (#""cmd": ["x"]"#, "\"command\""),
            (#""container_name": "x""#, "\"name\""), (#""deploy": {}"#, "\"replicas\""),
            (#""count": 3"#, "\"replicas\""), (#""replcas": 3"#, "\"replicas\""), (#""envFrom": []"#, "\"env_from\""),
            (#""workingDir": "/""#, "\"working_dir\""), (#""mem_limit": "1g""#, "\"memory\""),
            (#""mounts": []"#, "\"volumes\""), (#""dependsOn": []"#, "\"depends_on\""),
            (#""stop": {"timeout": "5s"}"#, "\"grace\""), (#""health": {"test": []}"#, "\"ready\" or \"live\""),
            (#""health": {"live": {"httpGet": {}, "command": ["x"]}}"#, "\"http\""),
            (#""update": {"minReadySeconds": 5}"#, "\"min_healthy\""),
            (#""restart": {"max_attempts": 5}"#, "\"max\""), (#""ports": [{"name": "a", "hostPort": 1}]"#, "\"host\""),
        ])
    func `a key of another system yields the key of Cube`(member: String, ours: String) throws {
        let details = details(of: "{\"name\": \"x\", \"command\": [\"x\"], \(member)}")
        #expect(details.count == 1)
        #expect(try #require(details.first).contains(ours))
    }

    @Test func `foreign keys are unique and differ from all keys of Cube`() {
        check(ForeignKeys.manifest, Manifest.fields)
        check(ForeignKeys.update, UpdatePolicy.fields)
        check(ForeignKeys.restart, RestartPolicy.fields)
        check(ForeignKeys.stop, StopPolicy.fields)
        check(ForeignKeys.health, HealthChecks.fields)
        check(ForeignKeys.port, PortSpec.fields)
    }

    private func check<Root>(_ foreign: [String: String], _ table: FieldTable<Root>) {
        let plain = foreign.keys.map(Suggestion.plain)
        #expect(Set(plain).count == plain.count)
        #expect(Set(plain).isDisjoint(with: table.fields.map { Suggestion.plain($0.key) }))
    }

    /// The value may be a secret, so the message does not repeat a number in `env`.
    @Test func `a message about env repeats no value`() {
        let decoded = decode(#"{"name": "x", "command": ["x"], "env": {"PIN": 4711}}"#)
        #expect(decoded.diagnostics.count == 1)
        #expect(decoded.diagnostics.allSatisfy { !$0.summary.contains("4711") && !$0.detail.contains("4711") })
    }

    private func details(of manifest: String) -> [String] { decode(manifest).diagnostics.map(\.detail) }

    private func decode(_ manifest: String) -> DecodedFile {
        ManifestDecoder.decode(Array(manifest.utf8), file: "x.json")
    }
}
