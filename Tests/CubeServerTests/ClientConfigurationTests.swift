import CubeErrors
import CubeOrchestratorClient
import CubeTransport
import CubeTypes
import FoundationEssentials
import Testing

@Suite("The configuration of a client")
struct ClientConfigurationTests {
    func withFile<Value>(_ text: String, _ body: (String) throws -> Value) throws -> Value {
        let path = FileManager.default.temporaryDirectory.appending(path: "cube-\(UUID()).json").path
        defer { unlinkQuietly(path) }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try body(path)
    }

    @Test func `code takes precedence over the environment, and the environment over the file`() throws {
        let text = """
            {"manager": ["http://a:1", "http://b:2"], "owner": "file", "token": "t", "total_deadline": "7s",
             "request_deadline": "6s", "retry_attempts": 5, "connection_limit": 7, "retry_percentage": "20"}
            """
        try withFile(text) { file in
            let options = ClientOptions(connectDeadline: .seconds(1), logger: silent)
            let plain = try ClientConfiguration.load(file: file, environment: [:], options: options)
            #expect(plain.managers.description == "http://a:1,http://b:2")
            #expect(plain.owner.rawValue == "file")
            #expect(plain.token == "t")
            #expect(plain.options.totalDeadline == .seconds(7))
            #expect(plain.options.requestDeadline == .seconds(6))
            #expect(plain.options.connectDeadline == .seconds(1))
            #expect(plain.options.retries.attempts == 5)
            #expect(plain.options.connectionLimit == 7)
            #expect(plain.options.retries.percentage == 20)

            let environment = [
                "CUBE_MANAGER": "dns:cube.example:8081", "CUBE_OWNER": "environment", "CUBE_TOTAL_DEADLINE": "9s",
                "CUBE_REQUEST_DEADLINE": "", "CUBE_ANSWER_LIMIT": "1000", "OTHER": "x",
            ]
            let mixed = try ClientConfiguration.load(file: file, environment: environment)
            #expect(mixed.managers == .host("cube.example", port: 8081))
            #expect(mixed.owner.rawValue == "environment")
            #expect(mixed.options.totalDeadline == .seconds(9))
            #expect(mixed.options.answerLimit == 1000)

            let own = try ClientConfiguration.load(
                file: file, environment: environment, managers: .file(path: "/x"), token: "mine", owner: .default)
            #expect(own.managers == .file(path: "/x"))
            #expect(own.owner == .default)
            #expect(own.token == "mine")
        }
    }

    @Test func `the token is the first line of its file`() throws {
        try withFile("secret\nmore\n") { file in
            let environment = ["CUBE_MANAGER": "unix:/x", "CUBE_TOKEN_FILE": file]
            let configuration = try ClientConfiguration.load(environment: environment)
            #expect(configuration.token == "secret")
            let both = #expect(throws: APIError.self) {
                try ClientConfiguration.load(environment: environment.merging(["CUBE_TOKEN": "t"]) { $1 })
            }
            #expect(both?.fields.map(\.field) == ["token_file"])
        }
    }

    @Test func `all invalid settings are reported at once`() throws {
        let error = #expect(throws: APIError.self) {
            try ClientConfiguration.load(environment: [
                "CUBE_OWNER": "No Name", "CUBE_TOTAL_DEADLINE": "soon", "CUBE_RETRY_ATTEMPTS": "0",
                "CUBE_TOKEN_FILE": "/none", "CUBE_CONNECT_DEADLINE": "0s",
            ])
        }
        #expect(error?.reason == .validationFailed)
        #expect(
            error?.fields.map(\.description) == [
                "manager: is missing; set CUBE_MANAGER, such as http://127.0.0.1:8081",
                "token_file: \"/none\" cannot be read: No such file or directory",
                "owner: \"No Name\" must match [a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
                "connect_deadline: \"0s\" must be a whole number above 0 with the unit ms, s, m or h, such as 5s",
                "total_deadline: \"soon\" must be a whole number above 0 with the unit ms, s, m or h, such as 5s",
                "retry_attempts: \"0\" must be a whole number from 1 to 100",
            ])
    }

    @Test func `an error in the file is reported with its location`() throws {
        try withFile("{\"manger\": \"x\",\n \"owner\": {}, \"token\": \"a\", \"token\": \"b\"}") { file in
            let error = #expect(throws: APIError.self) { try ClientConfiguration.load(file: file, environment: [:]) }
            #expect(
                error?.fields.map { "\($0.field.dropFirst(file.count)) \($0.message.prefix(40))" }.prefix(2) == [
                    ":1:2 unknown key \"manger\"; did you mean \"mana",
                    ":2:11 owner must be a string or a whole number",
                ])
            #expect(error?.fields.count == 3)
        }
        try withFile("{") { file in
            let error = #expect(throws: APIError.self) { try ClientConfiguration.load(file: file, environment: [:]) }
            #expect(error?.fields.count == 1)
        }
    }

    @Test func `invalid options are reported`() {
        let error = #expect(throws: APIError.self) {
            try ClientConfiguration.load(
                environment: ["CUBE_MANAGER": "unix:/x"],
                options: ClientOptions(silenceDeadline: .zero, lineLimit: 0, logger: silent))
        }
        #expect(error?.fields.map(\.field) == ["silenceDeadline", "lineLimit"])
    }
}
