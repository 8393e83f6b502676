import CubeCore
import CubeJSON
import CubeTypes
import Foundation
import Testing

struct HTTPCheckFieldTests {
    private func decode(_ http: String, _ fields: String = "") -> DecodedFile {
        let text = #"{"name": "web", "command": ["web"], "health": {"ready": {"http": \#(http)}}\#(fields)}"#
        return ManifestDecoder.decode(Array(text.utf8), file: "web.json")
    }

    private static let full = HTTPProbe(
        port: .number(8443), path: "/healthz", scheme: .https, host: "10.0.0.5", headers: ["Host": "shop.example"],
        status: HTTPStatusSet("200,301-308")!, verify: true)

    @Test func `every field of an http check is decoded and sent on the wire`() throws {
        let file = decode(
            #"""
            {"port": 8443, "path": "/healthz", "scheme": "https", "host": "10.0.0.5",
             "headers": {"Host": "shop.example"}, "status": "200, 301-308", "verify": true}
            """#)
        #expect(file.diagnostics.isEmpty)
        let definition = try #require(file.workloads.first).definition
        #expect(definition.health.ready?.http == Self.full)
        let sent = try JSONDecoder().decode(TaskDefinition.self, from: JSONEncoder().encode(definition))
        #expect(sent == definition && sent.settingsDigest == definition.settingsDigest)
    }

    @Test func `a field that is set to its default is in no digest and is not sent to an older worker`() throws {
        let plain = try #require(decode(#"{"port": 80}"#).workloads.first)
        let written = try #require(
            decode(#"{"port": 80, "scheme": "http", "headers": {}, "status": "200-299,300-399", "verify": false}"#)
                .workloads.first)
        #expect(written.settingsDigest == plain.settingsDigest)
        let wire = String(decoding: try JSONEncoder().encode(HTTPProbe(port: .number(80))), as: UTF8.self)
        #expect(!wire.contains("scheme") && !wire.contains("status") && !wire.contains("verify"))
        #expect(
            try #require(decode(#"{"port": 80, "status": 204}"#).workloads.first).settingsDigest != plain.settingsDigest
        )
    }

    @Test(
        arguments: [
            (#"{"port": 80, "scheme": "ftp"}"#, "\"ftp\" must be one of http, https"),
            (#"{"port": 80, "host": "http://web"}"#, "must be a host name or an IP address"),
            (#"{"port": 80, "host": "êxito.example"}"#, "must be a host name or an IP address"),
            (#"{"port": 80, "host": "web:80"}"#, "must be a host name or an IP address"),
            (#"{"port": 80, "headers": {"a b": "c"}}"#, "must be the name of a header"),
            (#"{"port": 80, "headers": {"content-length": "5"}}"#, "must be the name of a header"),
            (#"{"port": 80, "headers": {"A": "b\r\nC: d"}}"#, "must be printable ASCII"),
            (#"{"port": 80, "status": "2xx"}"#, "must be statuses from 100 to 599"),
            (#"{"port": 80, "status": 99}"#, "must be statuses from 100 to 599"),
            (#"{"port": 80, "verify": true}"#, "verify: must not be true without TLS"),
        ])
    func `an http check with an invalid field is rejected`(http: String, rule: String) {
        let found = decode(http)
        #expect(found.diagnostics.count == 1 && found.diagnostics[0].summary.contains(rule), "\(found.diagnostics)")
    }

    @Test func `a fixed port with a surge causes a warning, but the manifest is valid`() throws {
        let ports = #", "ports": [{"name": "http", "host": 8080}]"#
        let found = decode(#"{"port": 80}"#, ports + #", "update": {"max_surge": 1}"#)
        #expect(found.workloads.count == 1 && found.diagnostics.count == 1)
        let warning = try #require(found.diagnostics.first)
        #expect(warning.severity == .warning && warning.reason == "surge_port_taken")
        #expect(warning.summary == "with update.max_surge 1, ports[0].host 8080 needs a second node")
        #expect(warning.range.end.byte - warning.range.start.byte == 4)
        #expect(decode(#"{"port": 80}"#, ports).diagnostics.isEmpty)
    }
}
