import CubeCore

/// The body of a request that creates a container.
struct ContainerCreation: Encodable {
    var image: String
    var entrypoint: [String]?
    var cmd: [String]?
    var env: [String]
    var labels: [String: String]
    var workingDir: String?
    var user: String?
    var exposedPorts: [String: Empty]
    var hostConfig: Host

    struct Empty: Encodable {}

    struct Host: Encodable {
        var portBindings: [String: [Binding]]
        var mounts: [Mount]
        var securityOpt: [String]
        var logConfig = Log()
        var restartPolicy = Restart()
    }

    struct Binding: Encodable { var hostPort: String }

    struct Mount: Encodable {
        var type = "bind"
        var source: String
        var target: String
        var readOnly = true
    }

    /// The engine keeps little output, because the worker copies it into the log of the task. Docker's own drivers each lose
    /// something: `json-file` replaces bytes that are not UTF-8, and `local` drops the end of a line that is longer than 16 KiB.
    struct Log: Encodable {
        var type = "json-file"
        var config = ["max-size": "10m", "max-file": "3"]
    }

    /// The worker restarts containers, not the engine.
    struct Restart: Encodable { var name = "no" }

    init(_ spec: ContainerSpec) {
        image = spec.image
        entrypoint = spec.entrypoint
        cmd = spec.command.isEmpty ? nil : spec.command
        env = spec.environment
        labels = spec.labels
        workingDir = spec.workingDirectory
        user = spec.user
        let ports = spec.ports.map { ("\($0.container)/\($0.transport)", $0.host) }
        exposedPorts = Dictionary(ports.map { ($0.0, Empty()) }) { first, _ in first }
        hostConfig = Host(
            portBindings: Dictionary(grouping: ports, by: \.0).mapValues { $0.map { Binding(hostPort: String($0.1)) } },
            mounts: spec.files.map { Mount(source: $0.source, target: $0.target) },
            securityOpt: spec.forbidsNewPrivileges ? ["no-new-privileges"] : [])
    }
}
