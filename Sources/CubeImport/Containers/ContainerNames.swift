/// The names of imported services, volumes and networks by those that the engine knows.
struct ContainerNames {
    /// The names of all containers by their IDs.
    let containers: [String: String]
    let volumes, networks: ShortNames
    /// The names of services by the IDs of their containers.
    private(set) var services: [String: String] = [:]
    /// The names of services by those in their Compose project, by project.
    private var projects: [String: [String: String]] = [:]

    init(containers: [String: String], volumes: ShortNames, networks: ShortNames) {
        self.containers = containers
        self.volumes = volumes
        self.networks = networks
    }

    /// Registers the name of the service that a container belongs to.
    mutating func add(_ service: String, of container: ContainerDescription) {
        services[container.id] = service
        if let name = container.composeService { projects[container.project ?? "", default: [:]][name] = service }
    }

    /// Returns the name of a service that its Compose project knows by another name.
    func service(_ name: String, in project: String?) -> String {
        if let service = projects[project ?? ""]?[name] { return service }
        // A service that is not imported must not be taken for that of another project.
        return project.map { "\($0)-\(name)" } ?? name
    }

    /// Returns the new names of the services of a Compose project whose names change, by the former names.
    func changes(in project: String?) -> [String: String] {
        (projects[project ?? ""] ?? [:]).filter { $0.key != $0.value }
    }
}

/// The names of volumes or networks without the names of their Compose projects, which Compose puts before them.
///
/// A name keeps that of its project if it would become the same as another name without it.
struct ShortNames {
    private var names: [String: String] = [:]

    /// - Parameter uses: names in the engine, each with the Compose project of a container that uses it.
    init(_ uses: [(name: String, project: String?)]) {
        var wanted: [String: String] = [:]
        for use in uses {
            var short = use.name
            if let project = use.project, use.name.hasPrefix("\(project)_"), use.name.count > project.count + 1 {
                short = String(use.name.dropFirst(project.count + 1))
            }
            // Containers of other projects may use the same volume or network.
            if let present = wanted[use.name], present.count <= short.count { continue }
            wanted[use.name] = short
        }
        var counts: [String: Int] = [:]
        for short in wanted.values { counts[short, default: 0] += 1 }
        for (name, short) in wanted where counts[short] == 1 && (short == name || wanted[short] == nil) {
            names[name] = short
        }
    }

    /// Returns the name for the import by the name in the engine.
    subscript(name: String) -> String { names[name] ?? name }
}
