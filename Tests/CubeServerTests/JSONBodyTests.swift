import CubeErrors
import CubeTypes
import Testing

@testable import CubeServer

@Suite struct `The body of a request` {
    private static let id = "0f3c0000-0000-5000-8000-000000000000"
    private static let digest = "sha256:" + String(repeating: "a", count: 64)

    private func problems<Value: Decodable & Described>(_ body: String, as type: Value.Type) throws -> [String] {
        let error = #expect(throws: APIError.self) { try JSONBody(Array(body.utf8)).decoded(as: type) }
        #expect(error?.reason == .validationFailed)
        return try #require(error).fields.map(\.description)
    }

    private static func schedule(_ definition: String) -> String {
        """
        {"owner": "manual", "fence": 0, "pass": 0, "max_live": 1, "task": {"id": "\(id)", "name": "web", "ordinal": 0,
         "attempt": 0, "spec_digest": "\(digest)", "settings_digest": "\(digest)", "definition": \(definition)}}
        """
    }

    @Test func `all invalid fields are reported at once, each with its value`() throws {
        let body = """
            {"owner": "Not A Name", "fence": "x", "pass": -1, "task": {"id": 7, "name": "web", "ordinal": 10000,
             "attempt": 1.5, "spec_digest": "\(Self.digest)", "settings_digest": "\(Self.digest)", "definition":
             {"kind": "daemon", "command": "web", "cpu": -1, "stop": {"grace": "1d"}, "env_from": [7, "web.env"],
              "health": {"ready": {"http": {"port": true}}}, "ports": [{"name": ""}, "http"],
              "labels": {"": "x", "team": 5}}}}
            """
        let definition = "task.definition"
        let told = try problems(body, as: ScheduleRequest.self)
        #expect(
            told == [
                #"owner: "Not A Name" must match ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$, such as "default""#,
                #"fence: "x" must be a whole number"#, "pass: -1 must be at least 0", "task.id: 7 must be a string",
                "task.ordinal: 10000 must be from 0 to 9999", "task.attempt: 1.5 must be a whole number",
                #"\#(definition).kind: "daemon" must be one of service, job"#,
                #"\#(definition).command: "web" must be an array"#, "\(definition).cpu: -1 must be from 0 to 1000000",
                #"\#(definition).stop.grace: "1d" must match ^[0-9]{1,12}(ms|s|m|h)$"#,
                "\(definition).env_from[0]: must be a string or an object",
                "\(definition).health.ready.http.port: true must be a string or a whole number",
                #"\#(definition).ports[0].name: "" must match ^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"#,
                #"\#(definition).ports[1]: "http" must be an object"#,
                #"\#(definition).labels[""]: its name must not be empty"#,
                #"\#(definition).labels["team"]: 5 must be a string"#, "\(definition).name: is missing",
                "max_live: is missing",
            ])
    }

    @Test(arguments: [
        (#"{"name": "web", "env": {"PASSWORD": 42}}"#, #"env["PASSWORD"]: must be a string"#),
        (#"{"name": "web", "env": {"PASSWORD": {"value": "42"}}}"#, #"env["PASSWORD"]: must be a string"#),
        (#"{"name": "web", "env": ["PASSWORD=42"]}"#, "env: must be an object"),
        (#"{"name": "web", "env": "PASSWORD=42"}"#, "env: must be an object"),
        (#""{\"env\": {\"PASSWORD\": \"42\"}}""#, ": must be an object"),
        (
            #"{"name": "web", "files": [{"source": "a", "target": "b", "content": "42?"}]}"#,
            "files[0].content: must be base64"
        ),
        (#"{"name": "web", "env_from": [{"source": "a", "content": 42}]}"#, "env_from[0].content: must be a string"),
        (#"{"name": "web", "files": "42"}"#, "files: must be an array"),
    ])
    func `an invalid secret is reported without its value`(definition: String, problem: String) throws {
        let separator = problem.hasPrefix(":") ? "" : "."
        #expect(
            try problems(Self.schedule(definition), as: ScheduleRequest.self)
                == ["task.definition\(separator)\(problem)"])
    }

    @Test(arguments: [
        (
            #"{"owner": "default", "max_live": 1,}"#,
            "body: is not valid JSON: line 1, column 36: expected a key, not \"}\""
        ),
        (#"{"owner": "default", "max_live": 1, "owner": "manual"}"#, "owner: is duplicated"),
        (#"{"owner": "default", "max_live": 1, "new": [{"a": 1, "b": 2, "\u0061": 3}]}"#, "new[0].a: is duplicated"),
        (
            "{\"owner\": \"default\"\n, 'max_live': 1}",
            "body: is not valid JSON: line 2, column 3: expected a key, not \"'\""
        ),
        (
            #"{"owner": "default", "max_live": 1} {}"#,
            "body: is not valid JSON: line 1, column 37: expected the end of the body, not \"{\""
        ),
    ])
    func `ambiguous JSON is refused`(body: String, problem: String) throws {
        #expect(try problems(body, as: AdoptRequest.self) == [problem])
        let good = JSONBody(#"{"owner": "default", "max_live": 1}"#)
        #expect(try good.decoded() == AdoptRequest(owner: .default, maxLive: 1))
    }

    @Test func `an operation of a batch has exactly one of four forms`() throws {
        let stop = #"{"id": "\#(Self.id)", "name": "web", "ordinal": 0, "attempt": 0}"#
        func batch(_ operations: String) -> String {
            #"{"owner": "manual", "fence": 0, "pass": 0, "operations": [\#(operations)]}"#
        }
        let update =
            #"{"id": "\#(Self.id)", "from": "\#(Self.digest)", "to": "\#(Self.digest)", "definition": {"name": "web"}}"#
        for (operations, expected) in [
            (
                #"{"stop": \#(stop)}, {"teleport": {}}"#,
                ["operations[1]: must have one of definition, schedule, update, stop"]
            ),
            (
                #"{"stop": \#(stop), "update": \#(update)}"#,
                ["operations[0]: must have only one of definition, schedule, update, stop"]
            ),
            (
                #"{"stop": {"id": "\#(Self.id)", "name": "Web", "ordinal": 0}}"#,
                [
                    #"operations[0].stop.name: "Web" must match ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$, such as "web""#,
                    "operations[0].stop.attempt: is missing",
                ]
            ),
        ] {
            #expect(try problems(batch(operations), as: BatchRequest.self) == expected)
        }
        let many = String(repeating: #"{"stop": 1}, "#, count: 200) + #"{"stop": 1}"#
        let told = try problems(batch(many), as: BatchRequest.self)
        #expect(told.count == 101)
        #expect(told.last == "body: has more errors, which are not listed")
    }

    @Test func `a long or hostile value is reported on one short line`() throws {
        let body = #"{"owner": "\u001b[31m\n\#(String(repeating: "x", count: 100_000))", "max_live": 1}"#
        let error = #expect(throws: APIError.self) {
            try JSONBody(Array(body.utf8)).decoded(as: AdoptRequest.self)
        }
        let value = try #require(error?.fields.first?.value)
        #expect(value.hasPrefix(#""\u{1B}[31m\nxxx"#) && value.count <= 80)
        #expect(value.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }
}

extension JSONBody {
    fileprivate init(_ text: String) { try! self.init(Array(text.utf8)) }
}
