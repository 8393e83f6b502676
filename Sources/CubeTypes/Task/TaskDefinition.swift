import CubeErrors

/// The definition of a task: the part of a manifest that the manager and the worker receive, with normalised units.
///
/// Fields that the manifest omits have their default value. The defaults of a format version never change.
///
/// - Since: 0.1
public struct TaskDefinition: Hashable, Sendable {
    /// The replacement for a value of ``env`` that the reader may not see.
    package static let hiddenValue = "<hidden>"

    /// All copies share the fields until one of them changes, so that a copy costs as much as that of a reference.
    @Shared private var storage: Fields

    /// All fields together, which are stored properties and so can be read and changed in place.
    package var fields: Fields {
        _read { yield storage }
        _modify { yield &storage }
    }

    /// An idempotency key that the caller chooses: 1 to 128 printable ASCII characters, such as `deploy-42`.
    ///
    /// Scheduling a definition again under the same id returns the same task, so a retry never creates a second one. The id is part
    /// of no digest. A manifest has no id, because its name identifies the workload. If a definition has no id, the client generates
    /// one; a generated id is not returned with the task.
    public var id: String? {
        get { fields.id }
        _modify { yield &fields.id }
    }
    /// The name of the workload.
    public var name: WorkloadName {
        get { fields.name }
        _modify { yield &fields.name }
    }
    /// The kind of the workload. Default: `service`.
    public var kind: TaskKind {
        get { fields.kind }
        _modify { yield &fields.kind }
    }
    /// The container image; a task without an image is a process.
    public var image: String? {
        get { fields.image }
        _modify { yield &fields.image }
    }
    /// When the image is pulled, and with which credentials. Default: if it is missing. Only a container has an image.
    public var pull: ImagePull {
        get { fields.pull }
        _modify { yield &fields.pull }
    }
    /// The program that replaces the entrypoint of the image; empty keeps it. Only a container has an entrypoint.
    public var entrypoint: [String] {
        get { fields.entrypoint }
        _modify { yield &fields.entrypoint }
    }
    /// The program and its arguments; required for a process. In a container, they replace the command of the image.
    public var command: [String] {
        get { fields.command }
        _modify { yield &fields.command }
    }
    /// Environment variables. Their values are never shown.
    public var env: [String: String] {
        get { fields.env }
        _modify { yield &fields.env }
    }
    /// Files with environment variables. Later files override earlier files, and `env` overrides all of them.
    public var envFrom: [ContentSource] {
        get { fields.envFrom }
        _modify { yield &fields.envFrom }
    }
    /// The working directory, an absolute path. Default: the directory of the task.
    public var workingDirectory: String? {
        get { fields.workingDirectory }
        _modify { yield &fields.workingDirectory }
    }
    /// The user that the task runs as, by name or number, optionally followed by a colon and the group. Default: the user of the
    /// worker.
    public var user: String? {
        get { fields.user }
        _modify { yield &fields.user }
    }
    /// The security restrictions. Default: none, except that a task whose ``user`` is not root gains no new privileges.
    public var security: TaskSecurity {
        get { fields.security }
        _modify { yield &fields.security }
    }
    /// The resources that the task reserves on its node.
    public var resources: ResourceSpec {
        get { fields.resources }
        _modify { yield &fields.resources }
    }
    /// What the task may use at most. Default: no limits.
    public var limits: TaskLimits {
        get { fields.limits }
        _modify { yield &fields.limits }
    }
    /// The network of the container. Default: the standard network of its engine. A process uses the network of its node.
    public var network: TaskNetwork {
        get { fields.network }
        _modify { yield &fields.network }
    }
    /// The ports that the task serves, in the order of the manifest.
    public var ports: [PortSpec] {
        get { fields.ports }
        _modify { yield &fields.ports }
    }
    /// The files that the worker writes into the directory of the task before each start.
    public var files: [TaskFile] {
        get { fields.files }
        _modify { yield &fields.files }
    }
    /// The directories that are mounted into the container, in the order of the manifest. A process has none.
    public var volumes: [VolumeMount] {
        get { fields.volumes }
        _modify { yield &fields.volumes }
    }
    /// The checks by which the worker determines whether the task is ready and alive. Default: no checks.
    public var health: HealthChecks {
        get { fields.health }
        _modify { yield &fields.health }
    }
    /// When the worker restarts the task after its program ends. Default: depends on the kind.
    public var restart: RestartPolicy {
        get { fields.restart }
        _modify { yield &fields.restart }
    }
    /// How the worker stops the task. Default: SIGTERM, and SIGKILL after 10 s.
    public var stop: StopPolicy {
        get { fields.stop }
        _modify { yield &fields.stop }
    }
    /// The nodes on which the task may run. Default: all nodes.
    public var constraints: PlacementConstraints {
        get { fields.constraints }
        _modify { yield &fields.constraints }
    }
    /// What becomes of the task while its node is silent. Default: `replace` for a service, `wait` for a job.
    public var onLost: LostNodePolicy {
        get { fields.onLost }
        _modify { yield &fields.onLost }
    }
    /// Whether there must never be two instances of the task. Default: no.
    ///
    /// An instance then ends when its worker has had no contact with the manager for most of the worker's lease, and only after the
    /// whole lease is another one started.
    public var exclusive: Bool {
        get { fields.exclusive }
        _modify { yield &fields.exclusive }
    }
    /// Arbitrary key-value labels. Cube does not interpret them.
    public var labels: [String: String] {
        get { fields.labels }
        _modify { yield &fields.labels }
    }

    package struct Fields: Hashable, Sendable {
        package var id: String?
        package var name: WorkloadName
        package var kind: TaskKind
        package var image: String?
        package var pull: ImagePull
        package var entrypoint: [String]
        package var command: [String]
        package var env: [String: String]
        package var envFrom: [ContentSource]
        package var workingDirectory: String?
        package var user: String?
        package var security: TaskSecurity
        package var resources: ResourceSpec
        package var limits: TaskLimits
        package var network: TaskNetwork
        package var ports: [PortSpec]
        package var files: [TaskFile]
        package var volumes: [VolumeMount]
        package var health: HealthChecks
        package var restart: RestartPolicy
        package var stop: StopPolicy
        package var constraints: PlacementConstraints
        package var onLost: LostNodePolicy
        package var exclusive: Bool
        package var labels: [String: String]
    }

    public init(
        id: String? = nil, name: WorkloadName, kind: TaskKind = .service, image: String? = nil,
        pull: ImagePull = ImagePull(), entrypoint: [String] = [],
        command: [String] = [], env: [String: String] = [:], envFrom: [ContentSource] = [],
        workingDirectory: String? = nil,
        user: String? = nil, security: TaskSecurity = TaskSecurity(),
        resources: ResourceSpec = .zero, limits: TaskLimits = .none, network: TaskNetwork = .standard,
        ports: [PortSpec] = [], files: [TaskFile] = [],
        volumes: [VolumeMount] = [], health: HealthChecks = .none, restart: RestartPolicy? = nil,
        stop: StopPolicy = StopPolicy(), constraints: PlacementConstraints = .none,
        onLost: LostNodePolicy? = nil, exclusive: Bool = false, labels: [String: String] = [:]
    ) {
        storage = Fields(
            id: id, name: name, kind: kind, image: image, pull: pull, entrypoint: entrypoint, command: command,
            env: env, envFrom: envFrom, workingDirectory: workingDirectory, user: user, security: security,
            resources: resources, limits: limits, network: network, ports: ports, files: files, volumes: volumes,
            health: health, restart: restart ?? .standard(for: kind), stop: stop, constraints: constraints,
            onLost: onLost ?? .standard(for: kind), exclusive: exclusive, labels: labels)
    }
}

extension TaskDefinition {
    /// The rule for an ``id``, worded for a message.
    public static let idRule = "must be 1 to 128 printable ASCII characters"

    /// The prefix of the ids that a client generates.
    package static let generatedIDPrefix = "auto-"

    /// The definition as returned with a task: without an id that a client generated. Scheduling the definition of an existing
    /// task, such as an earlier version, therefore creates a new task.
    package var withoutGeneratedID: TaskDefinition {
        guard id?.hasPrefix(Self.generatedIDPrefix) == true else { return self }
        var definition = self
        definition.id = nil
        return definition
    }

    package static func isID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7e).contains($0) }
    }
}

extension TaskDefinition: Codable {
    enum CodingKeys: String, CodingKey {
        case id, name, kind, image, pull, entrypoint, command, env, user, security, limits, network, ports, files,
            volumes, health,
            restart, stop, constraints, exclusive, labels
        case envFrom = "env_from"
        case onLost = "on_lost"
        case workingDirectory = "working_dir"
    }

    /// The definition in a response is informational, so a lenient decoder may skip ports, files and volumes of a newer
    /// kind. Nothing compares the decoded definition with the spec digest in the response.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let kind = try container.readIfPresent(TaskKind.self, forKey: .kind) ?? .service
        let restart: RestartPolicy? = try container.passingOver(.restart) {
            guard container.contains(.restart), try !container.decodeNil(forKey: .restart) else { return nil }
            return try RestartPolicy(
                from: container.superDecoder(forKey: .restart), standard: .standard(for: kind))
        }
        self.init(
            id: try container.readTextIfPresent(forKey: .id),
            name: try container.decode(WorkloadName.self, forKey: .name),
            kind: kind,
            image: try container.readTextIfPresent(forKey: .image),
            pull: try container.readIfPresent(ImagePull.self, forKey: .pull) ?? ImagePull(),
            entrypoint: try container.readElementsIfPresent([String].self, forKey: .entrypoint) ?? [],
            command: try container.readElementsIfPresent([String].self, forKey: .command) ?? [],
            env: try container.readMembersIfPresent([String: String].self, forKey: .env) ?? [:],
            envFrom: try container.readElementsIfPresent([ContentSource].self, forKey: .envFrom) ?? [],
            workingDirectory: try container.readTextIfPresent(forKey: .workingDirectory),
            user: try container.readTextIfPresent(forKey: .user),
            security: try container.readIfPresent(TaskSecurity.self, forKey: .security) ?? TaskSecurity(),
            resources: try ResourceSpec(from: decoder),
            limits: try container.readIfPresent(TaskLimits.self, forKey: .limits) ?? .none,
            network: try container.readIfPresent(TaskNetwork.self, forKey: .network) ?? .standard,
            ports: try container.readElementsIfPresent([PortSpec].self, forKey: .ports) ?? [],
            files: try container.readElementsIfPresent([TaskFile].self, forKey: .files) ?? [],
            volumes: try container.readElementsIfPresent([VolumeMount].self, forKey: .volumes) ?? [],
            health: try container.readIfPresent(HealthChecks.self, forKey: .health) ?? .none,
            restart: restart,
            stop: try container.readIfPresent(StopPolicy.self, forKey: .stop) ?? StopPolicy(),
            constraints: try container.readIfPresent(PlacementConstraints.self, forKey: .constraints) ?? .none,
            onLost: try container.readIfPresent(LostNodePolicy.self, forKey: .onLost),
            exclusive: try container.decodeIfPresent(Bool.self, forKey: .exclusive) ?? false,
            labels: try container.readMembersIfPresent([String: String].self, forKey: .labels) ?? [:])
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(id, forKey: .id)
        try container.encode(name, forKey: .name)
        try container.encode(kind, forKey: .kind)
        try container.encodeIfPresent(image, forKey: .image)
        if pull != ImagePull() { try container.encode(pull, forKey: .pull) }
        if !entrypoint.isEmpty { try container.encode(entrypoint, forKey: .entrypoint) }
        try container.encode(command, forKey: .command)
        try container.encode(env, forKey: .env)
        if !envFrom.isEmpty { try container.encode(envFrom, forKey: .envFrom) }
        try container.encodeIfPresent(workingDirectory, forKey: .workingDirectory)
        try container.encodeIfPresent(user, forKey: .user)
        if security != TaskSecurity() { try container.encode(security, forKey: .security) }
        try resources.encode(to: encoder)
        if limits != .none { try container.encode(limits, forKey: .limits) }
        if network != .standard { try container.encode(network, forKey: .network) }
        if !ports.isEmpty { try container.encode(ports, forKey: .ports) }
        if !files.isEmpty { try container.encode(files, forKey: .files) }
        if !volumes.isEmpty { try container.encode(volumes, forKey: .volumes) }
        if health != .none { try container.encode(health, forKey: .health) }
        try container.encode(restart, forKey: .restart)
        try container.encode(stop, forKey: .stop)
        try container.encode(constraints, forKey: .constraints)
        try container.encode(onLost, forKey: .onLost)
        if exclusive { try container.encode(exclusive, forKey: .exclusive) }
        try container.encode(labels, forKey: .labels)
    }
}
