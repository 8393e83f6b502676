import CubeCore
import CubeTypes

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
    var networkingConfig: Networking?

    struct Empty: Encodable {}

    struct Host: Encodable {
        var portBindings: [String: [Binding]]
        var mounts: [Mount]
        /// The options of each scratch space, by its path. A mount of the type `tmpfs` gets no permissions from Podman 4.
        var tmpfs: [String: String]
        var securityOpt: [String]
        var readonlyRootfs: Bool
        var capAdd: [String]
        var devices: [Device]
        var networkMode: String?
        var memory: Int?
        /// Memory and swap together.
        var memorySwap: Int?
        var nanoCpus: Int?
        var pidsLimit: Int?
        var ulimits: [ResourceLimit]
        var logConfig = Log()
        var restartPolicy = Restart()
    }

    struct Binding: Encodable { var hostPort: String }

    struct Mount: Encodable {
        var type: String
        var source: String
        var target: String
        var readOnly: Bool
    }

    /// Only the first network can be given when a container is created.
    struct Networking: Encodable {
        var endpointsConfig: [String: NetworkEndpoint]
    }

    struct ResourceLimit: Encodable {
        var name: String
        var soft: Int
        var hard: Int
    }

    struct Device: Encodable {
        var pathOnHost: String
        var pathInContainer: String
        var cgroupPermissions = "rwm"
    }

    /// The engine keeps little output, because the worker copies it into the log of the task. Docker's own drivers each lose
    /// something: `json-file` replaces bytes that are not UTF-8, and `local` drops the end of a line that is longer than 16 KiB.
    struct Log: Encodable {
        var type = "json-file"
        var config = ["max-size": "10m", "max-file": "3"]
    }

    /// The worker restarts containers, not the engine.
    struct Restart: Encodable { var name = "no" }

    /// Every user of the container can write to scratch space and run programs there, as in `/tmp` of most machines. The defaults of
    /// the engines differ.
    private static let scratchOptions = "mode=1777,exec,nosuid,nodev"

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
            mounts: spec.files.map { Mount(type: "bind", source: $0.source, target: $0.target, readOnly: true) }
                + spec.volumes.map(Mount.init),
            // Two targets can be equal as text although their bytes differ. Manifests are refused then, other definitions are not.
            tmpfs: Dictionary(spec.scratch.map { ($0.target, "size=\($0.bytes),\(Self.scratchOptions)") }) { first, _ in
                first
            },
            securityOpt: spec.forbidsNewPrivileges ? ["no-new-privileges"] : [],
            readonlyRootfs: spec.isReadOnly, capAdd: spec.capabilities,
            devices: spec.devices.map { Device(pathOnHost: $0, pathInContainer: $0) },
            networkMode: spec.network.mode, memory: spec.limits.memory, memorySwap: spec.limits.memory,
            nanoCpus: spec.limits.millicores.map { $0 * 1_000_000 }, pidsLimit: spec.limits.pids,
            ulimits: spec.limits.openFiles.map { [ResourceLimit(name: "nofile", soft: $0, hard: $0)] } ?? [])
        if case .joined(let networks, let aliases) = spec.network, let first = networks.first {
            networkingConfig = Networking(endpointsConfig: [first.name: NetworkEndpoint(aliases: aliases)])
        }
    }
}

/// The names of a container in a network.
struct NetworkEndpoint: Encodable { var aliases: [String] }

extension ContainerSpec.Network {
    /// The mode in the words of the engine; `nil` for its default.
    fileprivate var mode: String? {
        switch self {
        case .standard: nil
        case .joined(let networks, _): networks.first?.name
        case .host: "host"
        case .shared(let container): "container:\(container)"
        }
    }
}

extension ContainerCreation.Mount {
    init(_ volume: ContainerSpec.MountedVolume) {
        switch volume.source {
        case .volume(let name): (type, source) = ("volume", name)
        case .path(let path): (type, source) = ("bind", path)
        }
        (target, readOnly) = (volume.target, volume.isReadOnly)
    }
}
