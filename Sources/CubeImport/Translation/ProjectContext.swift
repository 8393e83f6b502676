import CubeTypes

/// What the translation of a service has to know of its project.
struct ProjectContext {
    let project: ComposeProject
    let sources: SourceFiles
    /// The directory that `~` stands for.
    let home: String?
    /// The services that run: those whose profiles are active.
    let active: [ComposeValue.Member]
    /// The services of ``active`` by name.
    let services: [String: ComposeValue]
    /// The names of workloads by those of services.
    let names: [String: String]
    /// The names of Cube's networks and volumes by those of the project.
    let networkNames, volumeNames: [String: String]
    /// Names by which other containers reach a service in Compose but not in Cube, each with the new name, sorted.
    let lostNames: [(name: String, new: String)]
    /// The services that others wait for until they have completed.
    let jobs: Set<String>
    /// The notes about the project as a whole.
    private(set) var notes: [ImportNote] = []

    init(_ project: ComposeProject, sources: SourceFiles, home: String?) {
        self.project = project
        self.sources = sources
        self.home = home
        active = project.services.filter { project.isActive($0.value) }
        services = Dictionary(active.map { ($0.key, $0.value) }) { first, _ in first }
        names = Self.names(active.map(\.key))
        networkNames = Self.names(project.networks.keys.sorted())
        volumeNames = Self.names(project.volumes.keys.sorted())
        lostNames = Self.lostNames(of: active, names: names)
        jobs = Set(
            active.flatMap { member in
                (member.value["depends_on"]?.asMapping.members ?? [])
                    .filter { $0.value["condition"]?.text == "service_completed_successfully" }.map(\.key)
            })
        notes = projectNotes()
    }

    /// Returns names of workloads for other names. Names that become the same get a number.
    static func names(_ originals: [String]) -> [String: String] {
        var taken: Set<String> = []
        var names: [String: String] = [:]
        // A name that needs no change keeps it, whatever comes before it.
        for original in originals.filter({ name($0) == $0 }) + originals.filter({ name($0) != $0 }) {
            let wanted = name(original)
            var free = wanted
            var number = 2
            while !taken.insert(free).inserted {
                free = "\(wanted.prefix(58))-\(number)"
                number += 1
            }
            names[original] = free
        }
        return names
    }

    /// Returns the most similar name that a workload can have.
    static func name(_ original: String) -> String {
        let letters = original.lowercased().map { character in
            character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
        }
        let trimmed = String(String(letters.drop { $0 == "-" }.prefix(63)).reversed().drop { $0 == "-" }.reversed())
        return trimmed.isEmpty ? "service" : trimmed
    }

    private static func lostNames(
        of services: [ComposeValue.Member], names: [String: String]
    ) -> [(name: String, new: String)] {
        var lost: [String: String] = [:]
        for member in services {
            guard let name = names[member.key] else { continue }
            if name != member.key { lost[member.key] = name }
            if let container = member.value["container_name"]?.text, container != name, names[container] == nil {
                lost[container] = name
            }
        }
        return lost.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Returns the names of ``lostNames`` and those by which one service alone reaches others so far, sorted.
    func unreachableNames(from service: String) -> [(name: String, new: String)] {
        guard let changed = project.changedNames[service], !changed.isEmpty else { return lostNames }
        var lost = Dictionary(lostNames.map { ($0.name, $0.new) }) { first, _ in first }
        for (former, name) in changed { lost[former] = names[name] ?? name }
        return lost.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func projectNotes() -> [ImportNote] {
        var notes: [ImportNote] = []
        for member in project.services {
            if !member.key.isComposeName { notes.append(.invalidName(member, of: "service")) }
            if member.value.members == nil {
                notes.append(.mismatch(member.value, expected: "a mapping", key: "services.\(member.key)"))
            }
        }
        for member in project.services where !project.isActive(member.value) {
            let profiles = member.value["profiles"]?.asList.elements?.compactMap(\.text) ?? []
            notes.append(
                ImportNote(
                    .info, .inactiveProfile,
                    "not imported, because none of its profiles is active (\(profiles.joined(separator: ", "))); add --profile \(profiles[0])",
                    service: member.key, key: "profiles", at: member.place))
        }
        return notes + declarationNotes() + cycleNotes()
    }

    // MARK: Declarations

    private func declarationNotes() -> [ImportNote] {
        var notes: [ImportNote] = []
        let kinds: [(String, [String: ComposeValue], [String: String])] = [
            (
                "networks", project.networks,
                [
                    "driver": "Cube joins containers of one node by a network of its own",
                    "driver_opts": "Cube has no options for networks",
                    "ipam": "Cube leaves the addresses to the engine",
                    "internal": "Cube's networks can reach other networks",
                    "attachable": "only Cube's own containers join its networks",
                    "enable_ipv4": "Cube has no options for networks",
                    "enable_ipv6": "Cube has no options for networks",
                    "external": "Cube joins containers by networks of its own, so containers of others are not reached",
                    "name": "Cube names its networks itself", "labels": "Cube has no labels of networks",
                ]
            ),
            (
                "volumes", project.volumes,
                [
                    "driver": "Cube's volumes are directories of a node",
                    "driver_opts": "Cube has no options for volumes",
                    "external": "", "name": "", "labels": "Cube has no labels of volumes",
                ]
            ),
            (
                "configs", project.configs,
                [
                    "file": "", "content": "", "environment": "", "external": "", "name": "",
                    "labels": "Cube has no labels of files", "template_driver": "Cube copies files as they are",
                ]
            ),
            (
                "secrets", project.secrets,
                [
                    "file": "", "environment": "", "external": "", "name": "", "labels": "Cube has no labels of files",
                    "driver": "Cube reads secrets from files", "driver_opts": "Cube reads secrets from files",
                    "template_driver": "Cube copies files as they are",
                ]
            ),
        ]
        for (kind, declarations, keys) in kinds {
            for (name, value) in declarations.sorted(by: { $0.key < $1.key }) {
                if !name.isComposeName {
                    notes.append(
                        .invalidName(.init(key: name, place: value.place, value: value), of: String(kind.dropLast())))
                }
                for member in value.members ?? [] where !member.key.hasPrefix("x-") {
                    let path = "\(kind).\(name)"
                    guard let message = keys[member.key] else {
                        notes.append(.unknownKey(member, among: keys.keys.sorted(), below: path))
                        continue
                    }
                    if message.isEmpty || member.value.isNull || member.value.boolean == false { continue }
                    if member.key == "driver", ["bridge", "local", "default"].contains(member.value.text) { continue }
                    notes.append(
                        ImportNote(
                            .omitted, .unsupported, message, key: "\(path).\(member.key)", at: member.place))
                }
            }
        }
        return notes
    }

    // MARK: Dependencies

    /// The services that must run before a service, in the order of the file.
    static func dependencies(of service: ComposeValue) -> [ComposeValue.Member] {
        var dependencies = service["depends_on"]?.asMapping.members ?? []
        func add(_ name: String, _ value: ComposeValue) {
            if !dependencies.contains(where: { $0.key == name }) {
                dependencies.append(.init(key: name, place: value.place, value: .null(at: value.place)))
            }
        }
        for key in ["network_mode", "ipc", "pid"] {
            if let value = service[key], let text = value.text, text.hasPrefix("service:") {
                add(String(text.dropFirst("service:".count)), value)
            }
        }
        for link in service["links"]?.elements ?? [] {
            if let name = link.text?.split(separator: ":").first { add(String(name), link) }
        }
        return dependencies
    }

    /// Returns an error for each cycle. It removes services whose dependencies are all removed (Kahn 1962); in what is left, every
    /// service leads to a cycle.
    private func cycleNotes() -> [ImportNote] {
        var dependencies: [String: [ComposeValue.Member]] = [:]
        var dependents: [String: [String]] = [:]
        for member in active {
            let needed = Self.dependencies(of: member.value).filter { services[$0.key] != nil }
            dependencies[member.key] = needed
            for dependency in needed { dependents[dependency.key, default: []].append(member.key) }
        }
        var open = dependencies.mapValues(\.count)
        func remove(_ first: [String]) {
            var ready = first
            while let name = ready.popLast() {
                guard open.removeValue(forKey: name) != nil else { continue }
                for dependent in dependents[name] ?? [] {
                    guard let count = open[dependent] else { continue }
                    open[dependent] = count - 1
                    if count == 1 { ready.append(dependent) }
                }
            }
        }
        remove(active.map(\.key).filter { open[$0] == 0 })
        var notes: [ImportNote] = []
        for member in active {
            guard open[member.key] != nil else { continue }
            var chain: [String] = []
            var positions: [String: Int] = [:]
            var name = member.key
            var place = member.place
            while positions[name] == nil {
                positions[name] = chain.count
                chain.append(name)
                guard let next = dependencies[name]?.first(where: { open[$0.key] != nil }) else { break }
                (name, place) = (next.key, next.place)
            }
            let cycle = Array(chain[positions[name]!...])
            let shown = cycle.count > 10 ? cycle.prefix(10) + ["…"] : cycle + [name]
            notes.append(
                ImportNote(
                    .error, .cycle, "the services wait for each other: \(shown.joined(separator: " → "))",
                    service: cycle.last, key: "depends_on", at: place))
            remove(cycle)
        }
        return notes
    }
}

extension String {
    /// Whether the text is a valid name of a service, network, volume, config or secret.
    fileprivate var isComposeName: Bool {
        !isEmpty && utf8.allSatisfy { $0.isLetterOrDigit || "._-".utf8.contains($0) }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self)
    }
}
