import CubeCore
import CubeTypes
import Testing

struct TaskEnvironmentTests {
    private func environment(_ own: [String: String]) -> TaskEnvironment {
        TaskEnvironment(.example { $0.env = own }, home: "/home/web")
    }

    @Test(arguments: [
        ("$(NAME)", "value"), ("a$(NAME)b$(NAME)", "avaluebvalue"), ("$$(NAME)", "$(NAME)"),
        ("$(OTHER)", "$(OTHER)"), ("$NAME $$ ${NAME}", "$NAME $$ ${NAME}"), ("$(NAME", "$(NAME"), ("$", "$"),
        ("$$$(NAME)", "$$(NAME)"), ("$()", "$()"), ("$(A $(NAME))", "$(A $(NAME))"), ("$(NESTED)", "value"),
        ("", ""),
    ])
    func `A reference to a known variable is replaced, all else stays as it is`(text: String, expected: String) {
        #expect(environment(["NAME": "value", "NESTED": "$(NAME)"]).expand(text) == expected)
    }

    @Test func `The port variables override the variables in env`() {
        var assignment = TaskAssignment.example {
            $0.ports = [PortSpec(name: "http-admin"), PortSpec(name: "none")]
            $0.env = ["PORT_HTTP_ADMIN": "1"]
        }
        assignment.ports = ["http-admin": 20_001, "stranger": 3]
        let environment = TaskEnvironment(assignment, home: "/")
        #expect(environment.variables.filter { $0.key.hasPrefix("PORT_") } == ["PORT_HTTP_ADMIN": "20001"])
        #expect(environment.expand("$(PORT_HTTP_ADMIN) $(PORT_NONE)") == "20001 $(PORT_NONE)")
    }

    @Test func `A task has the addresses of its dependencies, unless its own variables override them`() {
        var assignment = TaskAssignment.example { $0.env = ["CACHE_HTTP_ADDRESS": "elsewhere:1"] }
        assignment.addresses = [
            "DB_SQL_ADDRESS": "10.0.0.5:20001", "CACHE_HTTP_ADDRESS": "10.0.0.6:20002", "QUEUE_AMQP_ADDRESS": "q:1",
        ]
        let environment = TaskEnvironment(assignment, files: [["QUEUE_AMQP_ADDRESS": "q:2"]], home: "/")
        #expect(environment.expand("tcp://$(DB_SQL_ADDRESS)") == "tcp://10.0.0.5:20001")
        #expect(environment.variables["CACHE_HTTP_ADDRESS"] == "elsewhere:1")
        #expect(environment.variables["QUEUE_AMQP_ADDRESS"] == "q:2")
    }

    @Test func `References in env are expanded once, and values from files are not expanded`() {
        var assignment = TaskAssignment.example {
            $0.ports = [PortSpec(name: "http")]
            $0.env = [
                "URL": "http://$(DB_SQL_ADDRESS)/$(SECRET)?p=$(PORT_HTTP)", "A": "$(B)", "B": "$(A)", "C": "$$(A) $(D)",
            ]
        }
        assignment.ports = ["http": 20_001]
        assignment.addresses = ["DB_SQL_ADDRESS": "10.0.0.5:20002"]
        let environment = TaskEnvironment(assignment, files: [["SECRET": "$(A)", "FILE": "$(A)"]], home: "/")
        #expect(environment.variables["URL"] == "http://10.0.0.5:20002/$(A)?p=20001")
        #expect(environment.variables["A"] == "$(A)" && environment.variables["B"] == "$(B)")
        #expect(environment.variables["C"] == "$(A) $(D)" && environment.variables["FILE"] == "$(A)")
    }

    @Test func `A combining mark next to a reference does not change its meaning`() {
        let environment = environment(["A": "\u{301}b"])
        let texts = [
            ("$(A)\u{301}", "\u{301}b\u{301}"), ("$$(A)\u{301}$(A)", "$(A)\u{301}\u{301}b"),
            ("$\u{301}(A)", "$\u{301}(A)"),
        ]
        for (text, expanded) in texts {
            #expect(Array(environment.expand(text).unicodeScalars) == Array(expanded.unicodeScalars))
        }
    }

    @Test func `A task's own variables override the defaults, but not the variables that identify the task`() {
        #expect(
            environment(["LANG": "de_DE", "CUBE_TASK_ID": "mine"]).entries == [
                "CUBE_NAME=web", "CUBE_ORDINAL=0", "CUBE_OWNER=default",
                "CUBE_TASK_ID=0f3c0000-0000-5000-8000-000000000000", "HOME=/home/web", "LANG=de_DE",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ])
    }
}

extension TaskAssignment {
    static func example(_ change: (inout TaskDefinition) -> Void = { _ in }) -> TaskAssignment {
        var definition = TaskDefinition(name: WorkloadName(rawValue: "web")!, command: ["web"])
        change(&definition)
        return TaskAssignment(
            cluster: ClusterID(rawValue: "0f3c0000-0000-4000-8000-000000000000")!, term: 1,
            id: TaskID(rawValue: "0f3c0000-0000-5000-8000-000000000000")!, owner: .default, ordinal: 0, attempt: 0,
            placement: 1, settingsDigest: Digest(rawValue: "sha256:" + String(repeating: "0", count: 64))!,
            definition: definition)
    }
}
