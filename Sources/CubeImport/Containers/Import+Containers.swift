import CubeCore
import CubeJSON

extension Import {
    /// Imports the containers that an engine runs, other than those of Cube. Containers of one Compose service become one manifest.
    ///
    /// - Parameters:
    ///   - descriptions: the descriptions of the containers, as the engine writes them.
    ///   - images: the descriptions of their images, by ID.
    ///   - names: the names of the containers to import; empty for all.
    ///   - read: Returns the content of a file by its absolute path.
    package static func containers(
        _ descriptions: [[UInt8]], images: [String: [UInt8]], names: Set<String>, home: String?,
        workingDirectory: String, read: @escaping (String) -> FileContent
    ) -> Import {
        var containers: [ContainerDescription] = []
        do throws(ImportNote) {
            for description in descriptions { containers.append(try ContainerDescription(description, images: images)) }
        } catch {
            return Import(manifests: [], files: [], notes: [error], workerOptions: [])
        }
        let known = Set(containers.map(\.name))
        if let missing = names.subtracting(known).sorted().first {
            let file = SourceFile(name: "the container engine", directory: "/")
            let note = ImportNote(
                .error, .undefinedName, "no container called \(missing.quoted) is running", at: SourcePlace(file))
            return Import(manifests: [], files: [], notes: [note], workerOptions: [])
        }
        let all = Dictionary(containers.map { ($0.id, $0.name) }) { first, _ in first }
        containers = containers.filter { !$0.isOwn && (names.isEmpty || names.contains($0.name)) }
        guard !containers.isEmpty else {
            let file = SourceFile(name: "the container engine", directory: "/")
            let note = ImportNote(
                .info, .noEffect, "no containers are running except those of Cube", at: SourcePlace(file))
            return Import(manifests: [], files: [], notes: [note], workerOptions: [])
        }
        let groups = ContainerGroup.groups(of: containers, names: all)
        var result = Import(
            ContainerGroup.project(of: groups), notes: [],
            sources: SourceFiles(workingDirectory: workingDirectory, read: read), home: home)
        if !result.isInvalid { result.notes += ContainerGroup.stopNotes(groups) }
        return result
    }
}

/// The containers that become one manifest.
private struct ContainerGroup {
    /// The name of the service.
    let name: String
    let containers: [ContainerDescription]
    let service: ContainerService
    /// The names of services that the containers reach by other names so far, by those names.
    let changedNames: [String: String]

    /// The first container, which the others are copies of.
    var first: ContainerDescription { containers[0] }

    static func groups(of containers: [ContainerDescription], names all: [String: String]) -> [ContainerGroup] {
        let sorted = containers.sorted { $0.name < $1.name }
        var members: [String: [ContainerDescription]] = [:]
        for container in sorted {
            let key =
                container.composeService.map { "\(container.project ?? "")\u{0}\($0)" } ?? "\u{0}\u{0}\(container.id)"
            members[key, default: []].append(container)
        }
        let grouped = members.values.sorted { $0[0].name < $1[0].name }
        let wanted = grouped.map { $0[0].composeService ?? $0[0].name }
        var volumes: [(name: String, project: String?)] = []
        var networks: [(name: String, project: String?)] = []
        for group in grouped {
            let project = group[0].project
            for name in group[0].volumes { volumes.append((name: name, project: project)) }
            for name in group[0].networks { networks.append((name: name, project: project)) }
        }
        var names = ContainerNames(
            containers: all, volumes: ShortNames(volumes), networks: ShortNames(networks))
        var named: [(name: String, group: [ContainerDescription])] = []
        var taken: Set<String> = []
        for (group, name) in zip(grouped, wanted) {
            // Services of two projects may have one name.
            let isUnique = wanted.count { $0 == name } == 1
            let long = isUnique ? name : group[0].project.map { "\($0)-\(name)" } ?? name
            var own = long
            var number = 2
            while !taken.insert(own).inserted {
                own = "\(long)-\(number)"
                number += 1
            }
            for container in group { names.add(own, of: container) }
            named.append((name: own, group: group))
        }
        var groups: [ContainerGroup] = []
        for (name, group) in named {
            let first = group[0]
            groups.append(
                ContainerGroup(
                    name: name, containers: group, service: ContainerService(first, names: names),
                    changedNames: first.composeService == nil ? [:] : names.changes(in: first.project)))
        }
        return groups
    }

    /// Returns the project that declares the services of the groups.
    static func project(of groups: [ContainerGroup]) -> ComposeProject {
        var project = ComposeProject(name: "", services: groups.map(\.member))
        for group in groups {
            let place = group.first.place
            project.changedNames[group.name] = group.changedNames
            for network in group.service.networks { project.networks[network] = .null(at: place) }
            for (volume, name) in group.service.volumes {
                let member = ComposeValue.Member(key: "name", place: place, value: ComposeValue(name, at: place))
                project.volumes[volume] = ComposeValue(.mapping([member]), at: place)
            }
        }
        return project
    }

    private var member: ComposeValue.Member {
        var value = service.value
        if containers.count > 1, let members = value.members {
            let place = first.place
            let scale = ComposeValue.Member(
                key: "scale", place: place, value: ComposeValue("\(containers.count)", at: place))
            value.content = .mapping(members + [scale])
        }
        return ComposeValue.Member(key: name, place: first.place, value: value)
    }

    // MARK: Stopping

    /// Returns the notes that say which containers to stop before `cube up`, dependents first.
    static func stopNotes(_ groups: [ContainerGroup]) -> [ImportNote] {
        let order = stopOrder(groups)
        guard !order.isEmpty else { return [] }
        let names = order.flatMap { $0.containers.map(\.name) }.joined(separator: " ")
        let stop =
            order[0].first.isOfPodman
            ? "podman stop \(names)" : "docker update --restart=no \(names) && docker stop \(names)"
        let file = SourceFile(name: "the container engine", directory: "/")
        return [
            ImportNote(
                .todo, .runningContainer,
                "Cube starts containers of its own; before `cube up`, stop these ones, dependents first, as both would use the same "
                    + "ports and data: \(stop)", at: SourcePlace(file))
        ]
    }

    private static func stopOrder(_ groups: [ContainerGroup]) -> [ContainerGroup] {
        var rest = groups
        var order: [ContainerGroup] = []
        while !rest.isEmpty {
            let needed = Set(
                rest.flatMap { group in
                    ProjectContext.dependencies(of: group.service.value).map(\.key).filter { $0 != group.name }
                })
            // In a cycle, any order is as good.
            let next = rest.firstIndex { !needed.contains($0.name) } ?? 0
            order.append(rest.remove(at: next))
        }
        return order
    }
}
