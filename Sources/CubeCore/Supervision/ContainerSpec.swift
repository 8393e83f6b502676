package import CubeTypes

/// The container of one run: what an engine is asked to create. A runtime only encodes it.
package struct ContainerSpec: Hashable, Sendable {
    /// The name of the container. It is derived from the run, so creating the container of a run twice fails.
    package var name: String
    /// The labels, by which a worker recognises its own containers. See ``Label``.
    package var labels: [String: String]
    package var image: String
    /// The program that replaces the entrypoint of the image; `nil` keeps it.
    package var entrypoint: [String]?
    /// The arguments that replace the command of the image; empty keeps it, unless there is an entrypoint.
    package var command: [String]
    /// The variables as `NAME=value`, sorted by name, in addition to those of the image.
    package var environment: [String]
    /// The working directory; `nil` keeps that of the image.
    package var workingDirectory: String?
    /// The user, with or without a group, by name or number; `nil` keeps that of the image.
    package var user: String?
    package var ports: [PublishedPort]
    /// The files that are mounted read-only.
    package var files: [MountedFile]
    package var volumes: [MountedVolume]
    package var scratch: [Scratch]
    /// Whether the programs of the container are prevented from gaining privileges.
    package var forbidsNewPrivileges: Bool
    /// Whether the root file system is read-only.
    package var isReadOnly: Bool
    /// The capabilities that are added, without `CAP_`.
    package var capabilities: [String]
    /// The paths of the devices, on the node and in the container.
    package var devices: [String]
    package var network: Network
    /// The limits to request of the engine.
    package var limits: TaskLimits

    /// A port of the container that is published on the node.
    package struct PublishedPort: Hashable, Sendable {
        package var container: Int
        package var host: Int
        package var transport: PortSpec.Transport
    }

    /// A file of the node that is mounted into the container.
    package struct MountedFile: Hashable, Sendable {
        /// The absolute path on the node.
        package var source: String
        /// The absolute path in the container.
        package var target: String

        package init(source: String, target: String) {
            self.source = source
            self.target = target
        }
    }

    /// A volume of the engine, or a directory or file of the node, that is mounted into the container.
    package struct MountedVolume: Hashable, Sendable {
        package var source: Source
        /// The absolute path in the container.
        package var target: String
        package var isReadOnly: Bool

        package enum Source: Hashable, Sendable {
            /// The name of a volume of the engine.
            case volume(String)
            /// The absolute path on the node, without symbolic links.
            case path(String)
        }
    }

    /// Empty memory that is mounted into the container.
    package struct Scratch: Hashable, Sendable {
        package var bytes: Int
        /// The absolute path in the container.
        package var target: String
    }

    /// The keys of the labels.
    package enum Label {
        package static let cluster = "cube.cluster"
        package static let worker = "cube.worker"
        package static let owner = "cube.owner"
        package static let name = "cube.name"
        package static let ordinal = "cube.ordinal"
        package static let task = "cube.task"
        package static let placement = "cube.placement"
        package static let run = "cube.run"
        package static let boot = "cube.boot"
        /// The name of a volume.
        package static let volume = "cube.volume"
        /// The name of a network, on networks.
        package static let network = "cube.network"
        /// The name of the container whose network a container uses.
        package static let networkHolder = "cube.network-holder"
        /// The directory of the worker, for whoever finds the container without its worker.
        package static let directory = "cube.directory"
    }

    /// - Parameters:
    ///   - worker: the name of the worker.
    ///   - directory: the directory of the worker.
    ///   - variables: the content of the files in `env_from`, in the same order.
    ///   - files: the files to mount.
    ///   - volumes: the volumes of the task, whose paths the worker has resolved and allowed.
    ///   - volumeCluster: the first cluster in which the worker had a volume; `nil` for the cluster of the assignment.
    ///   - holder: the run whose network the container uses, if its definition names one.
    package init(
        _ run: RunIdentity, of assignment: TaskAssignment, on worker: NodeName, in directory: String,
        variables: [[String: String]], files: [MountedFile], volumes: [VolumeMount],
        volumeCluster: ClusterID? = nil, holder: RunIdentity? = nil
    ) {
        let definition = assignment.definition
        network = Network(of: assignment, on: worker, holder: holder)
        // A program in the network of the node listens on its ports itself.
        let published = network == .host ? [] : definition.ports
        ports = published.compactMap { port in
            assignment.ports[port.name].map {
                PublishedPort(container: port.container ?? $0, host: $0, transport: port.transport)
            }
        }
        let environment = TaskEnvironment(
            assignment, files: variables, base: [:],
            ports: Dictionary(
                definition.ports.compactMap { port in
                    (port.container ?? assignment.ports[port.name]).map { (port.name, $0) }
                }
            ) { first, _ in first })
        name = Self.name(of: run)
        labels = [
            Label.cluster: assignment.cluster.rawValue, Label.worker: worker.rawValue,
            Label.owner: assignment.owner.rawValue, Label.name: definition.name.rawValue,
            Label.ordinal: String(assignment.ordinal), Label.task: run.task.rawValue,
            Label.placement: String(run.placement), Label.run: String(run.number), Label.boot: run.boot,
            Label.directory: directory,
        ]
        image = definition.image ?? ""
        entrypoint = definition.entrypoint.isEmpty ? nil : definition.entrypoint.map(environment.expand)
        command = definition.command.map(environment.expand)
        self.environment = environment.entries
        workingDirectory = definition.workingDirectory
        user = definition.user
        self.files = files
        self.volumes = volumes.compactMap { mount in
            let source: MountedVolume.Source
            switch mount.source {
            case .path(let path): source = .path(path)
            case .volume(let name):
                source = .volume(
                    NodeVolume(
                        name, of: assignment.owner, cluster: volumeCluster ?? assignment.cluster, worker: worker
                    ).name)
            case .scratch: return nil
            }
            return MountedVolume(source: source, target: mount.target, isReadOnly: mount.isReadOnly)
        }
        scratch = volumes.compactMap { mount in
            if case .scratch(let bytes) = mount.source { Scratch(bytes: bytes, target: mount.target) } else { nil }
        }
        forbidsNewPrivileges = definition.security.noNewPrivileges ?? true
        isReadOnly = definition.security.readOnlyRoot
        capabilities = definition.security.capabilities
        devices = definition.security.devices
        limits = definition.limits
        if case .shared(let container) = network { labels[Label.networkHolder] = container }
    }

    /// Returns the name of the container of a run: readable first, then unique.
    package static func name(of run: RunIdentity) -> String {
        "cube-\(run.slot)-\(run.task)-\(run.placement)-\(run.number)"
    }
}
