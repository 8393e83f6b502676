import CubeErrors
import CubeJSON
import CubeTypes
import Testing

@testable import CubeCore

/// The manifest fields `limits` and `network`.
struct LimitAndNetworkTests {
    private func problems(_ members: String, image: Bool = true) -> [String] {
        let program = image ? #""image": "web:1""# : #""command": ["web"]"#
        let text = #"{"name": "web", \#(program), \#(members)}"#
        return ManifestDecoder.decode(Array(text.utf8), file: "web.json").diagnostics.map(\.summary)
    }

    @Test(arguments: [
        (
            #""memory": "1GiB", "limits": {"memory": "512MiB"}"#,
            "limits.memory: 512MiB is below the memory that the task reserves (memory: 1GiB)"
        ),
        (
            #""cpu": 0.5, "limits": {"cpu": 0.25}"#,
            "limits.cpu: 0.25 is below the cpu that the task reserves (cpu: 0.5)"
        ),
        (
            #""disk": "2GiB", "limits": {"disk": "1GiB"}"#,
            "limits.disk: 1GiB is below the disk that the task reserves (disk: 2GiB)"
        ),
        (#""limits": {"memory": "5MiB"}"#, #"limits.memory: "5MiB" must be at least 6MiB"#),
        (
            #""limits": {"cpu": 0.001}"#,
            "limits.cpu: 0.001 must be from 0.01 to 1000000, with at most three decimals"
        ),
        (#""limits": {"pids": 0}"#, "limits.pids: 0 must be a whole number from 1 to 4194304"),
        (#""limits": {"open_files": 2}"#, "limits.open_files: 2 must be a whole number from 16 to 1048576"),
    ])
    func `a limit that is below the reservation or too low is rejected`(members: String, problem: String) {
        #expect(problems(members) == [problem])
    }

    @Test func `a limit at or above the reservation is accepted, also for a process`() {
        let limits = #""memory": "64MiB", "cpu": 1, "limits": {"memory": "64MiB", "cpu": 1.5, "pids": 1}"#
        #expect(problems(limits).isEmpty && problems(limits, image: false).isEmpty)
    }

    @Test func `a definition over the API with a limit below its reservation is rejected like a manifest`() {
        let definition = TaskDefinition(
            name: .web, command: ["web"], resources: ResourceSpec(memory: 1 << 30), limits: TaskLimits(memory: 8 << 20))
        #expect(
            definition.refusals(at: "task") == [
                ValidationError(
                    field: "task.limits.memory", value: nil,
                    message: "8MiB is below the memory that the task reserves (memory: 1GiB)")
            ])
    }

    @Test(arguments: [
        (#""network": {"join": ["a"], "mode": "host"}"#, "network: must have only one of join, mode and of"),
        (#""network": {"of": "web"}"#, "network.of: must be another workload"),
        (#""network": {"join": ["a", "a"]}"#, "network.join: must not contain a name twice"),
        (#""network": {"mode": "bridge"}"#, #"network.mode: "bridge" must be one of host"#),
        (
            #""network": {"of": "vpn"}, "ports": [{"name": "http", "container": 80}]"#,
            "ports: must be empty with network.of"
        ),
        (
            #""network": {"mode": "host"}, "ports": [{"name": "http", "container": 80}]"#,
            #"ports[0].container: must not be set with network.mode "host"; the program listens on $(PORT_HTTP)"#
        ),
    ])
    func `a network that cannot be meant is rejected`(members: String, problem: String) {
        #expect(problems(members) == [problem])
    }

    @Test func `a process has no network of its own`() {
        for network in [#"{"join": ["a"]}"#, #"{"mode": "host"}"#, #"{"of": "vpn"}"#] {
            #expect(
                problems(##""network": \##(network)"##, image: false)
                    == ["network: must not be set without \"image\""])
        }
        #expect(problems(#""network": {}"#, image: false).isEmpty)
    }

    @Test func `a container in the network of its node needs no number for its port inside`() {
        let members = #""network": {"mode": "host"}, "ports": [{"name": "http"}, {"name": "dns", "host": 53}]"#
        #expect(problems(members).isEmpty)
    }
}
