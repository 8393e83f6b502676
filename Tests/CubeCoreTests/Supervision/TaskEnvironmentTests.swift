import CubeCore
import CubeTypes
import Testing

struct TaskEnvironmentTests {
    private func environment(_ own: [String: String]) -> TaskEnvironment {
        TaskEnvironment(.example { $0.env = own }, home: "/home/web")
    }

    @Test(
        "A reference to a known variable is replaced, all else stays as it is",
        arguments: [
            ("$(NAME)", "value"), ("a$(NAME)b$(NAME)", "avaluebvalue"), ("$$(NAME)", "$(NAME)"),
            ("$(OTHER)", "$(OTHER)"), ("$NAME $$ ${NAME}", "$NAME $$ ${NAME}"), ("$(NAME", "$(NAME"), ("$", "$"),
            ("$$$(NAME)", "$$(NAME)"), ("$()", "$()"), ("$(A $(NAME))", "$(A $(NAME))"), ("$(NESTED)", "$(NAME)"),
            ("", ""),
        ])
    func expansion(text: String, expected: String) {
        #expect(environment(["NAME": "value", "NESTED": "$(NAME)"]).expand(text) == expected)
    }

    @Test("A task finds its ports, whatever its own variables say")
    func ports() {
        var assignment = TaskAssignment.example {
            $0.ports = [PortSpec(name: "http-admin"), PortSpec(name: "none")]
            $0.env = ["PORT_HTTP_ADMIN": "1"]
        }
        assignment.ports = ["http-admin": 20_001, "stranger": 3]
        let environment = TaskEnvironment(assignment, home: "/")
        #expect(environment.variables.filter { $0.key.hasPrefix("PORT_") } == ["PORT_HTTP_ADMIN": "20001"])
        #expect(environment.expand("$(PORT_HTTP_ADMIN) $(PORT_NONE)") == "20001 $(PORT_NONE)")
    }

    @Test("A task's own variables replace the usual ones, but not those that say who it is")
    func precedence() {
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
