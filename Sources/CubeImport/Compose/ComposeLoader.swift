/// Loads a Compose project: reads its files, replaces variables, and resolves `include`, `extends` and overriding files.
struct ComposeLoader {
    private let request: ComposeRequest
    private let sources: SourceFiles
    /// The notes so far. The project is invalid if one of them is an error.
    private(set) var notes: [ImportNote] = []

    /// The keys of a file.
    static let keys = ["version", "name", "include", "services", "networks", "volumes", "configs", "secrets", "models"]

    /// The maximum number of services that extend each other.
    private static let maximumExtensions = 100

    init(_ request: ComposeRequest, sources: SourceFiles) {
        self.request = request
        self.sources = sources
    }

    private var home: String? { request.environment["HOME"] }

    /// Loads the project.
    ///
    /// - Throws: An error without which nothing can be read, such as a file that does not exist.
    mutating func load() throws(ImportNote) -> ComposeProject {
        let directory = request.projectDirectory ?? request.files.first?.parentPath ?? request.workingDirectory
        var variables = try variables(
            files: request.environmentFiles, directory: directory, outer: request.environment, place: nil)
        let name =
            request.projectName ?? variables["COMPOSE_PROJECT_NAME"] ?? declaredName(variables)
            ?? Self.projectName(directory.lastPathComponent)
        variables["COMPOSE_PROJECT_NAME"] = name
        let model = try model(
            request.files, directory: directory, variables: variables, place: nil, including: [])
        var project = ComposeProject(name: name, services: model["services"]?.members ?? [])
        project.networks = Self.declarations(model["networks"])
        project.volumes = Self.declarations(model["volumes"])
        project.configs = Self.declarations(model["configs"])
        project.secrets = Self.declarations(model["secrets"])
        project.variables = variables
        project.profiles = request.profiles.union(
            (variables["COMPOSE_PROFILES"] ?? "").split(separator: ",").map {
                String($0.filter { $0 != " " })
            })
        return project
    }

    /// Returns the name that the last file with a name declares. Errors in the files are reported when they are loaded.
    private func declaredName(_ variables: [String: String]) -> String? {
        for path in request.files.reversed() {
            guard case .file(let bytes, _, _) = sources.content(path),
                // A file that is not valid YAML declares no name.
                let documents = try? YAMLReader.read(bytes, from: SourceFile(name: path, directory: "/")),
                let name = documents.last(where: { $0["name"] != nil })?["name"]
            else { continue }
            var ignored: [ImportNote] = []
            return name.interpolated({ variables[$0] }, &ignored).text
        }
        return nil
    }

    private static func declarations(_ value: ComposeValue?) -> [String: ComposeValue] {
        Dictionary((value?.members ?? []).map { ($0.key, $0.value) }) { first, _ in first }
    }

    /// Derives a project name as Compose does: lower case, without characters other than letters, digits, `-` and `_`.
    private static func projectName(_ directory: String) -> String {
        let name = directory.lowercased().filter {
            ($0.isASCII && ($0.isLetter || $0.isNumber)) || $0 == "-" || $0 == "_"
        }
        return String(name.drop { $0 == "-" || $0 == "_" })
    }

    // MARK: Variables

    /// Returns the variables for interpolation.
    ///
    /// - Parameters:
    ///   - files: the files with variables; `nil` for `.env`, which may be missing.
    ///   - outer: variables that take precedence.
    ///   - place: the position that names the files.
    private func variables(
        files: [String]?, directory: String, outer: [String: String], place: SourcePlace?
    ) throws(ImportNote) -> [String: String] {
        var variables: [String: String] = [:]
        for path in files ?? [directory + "/.env"] {
            if files == nil, sources.content(path) == .missing { continue }
            let bytes = try sources.bytes(path, namedAt: place)
            let known = variables
            do throws(DotEnvironment.Problem) {
                for (name, value) in try DotEnvironment(bytes, outer: { outer[$0] ?? known[$0] }).variables {
                    variables[name] = value
                }
            } catch {
                let file = SourceFile(name: sources.name(path), directory: directory)
                throw ImportNote(.error, .syntax, error.rule, at: SourcePlace(file, line: error.line, column: 1))
            }
        }
        return variables.merging(outer) { $1 }
    }

    // MARK: Files

    /// Loads files that override each other, with what they include.
    ///
    /// - Parameters:
    ///   - place: the position that names the files; `nil` for those that the user named.
    ///   - including: the files that are being loaded.
    private mutating func model(
        _ paths: [String], directory: String, variables: [String: String], place: SourcePlace?, including: [String]
    ) throws(ImportNote) -> ComposeValue {
        var model: ComposeValue?
        var included: [ComposeValue] = []
        for path in paths {
            if including.contains(path) {
                throw ImportNote(.error, .cycle, "\(sources.name(path)) includes itself", at: place!)
            }
            for document in try documents(path, directory: directory, variables: variables, place: place) {
                included += try inclusions(
                    of: document, directory: directory, variables: variables, including: including + paths)
                let extended = try extending(document, path: path, directory: directory, variables: variables)
                model = model.map { ComposeMerge.files($0, extended) } ?? extended
            }
        }
        var whole = ComposeMerge.withoutRemoved(
            model ?? ComposeValue(.mapping([]), at: SourcePlace(SourceFile(name: "", directory: directory))))
        for part in included { add(part, to: &whole) }
        return whole
    }

    /// Reads the documents of a file and replaces their variables. Documents with an unusable structure are left out.
    private mutating func documents(
        _ path: String, directory: String, variables: [String: String], place: SourcePlace?
    ) throws(ImportNote) -> [ComposeValue] {
        let file = SourceFile(name: sources.name(path), directory: directory)
        let bytes = try sources.bytes(path, namedAt: place)
        var documents: [ComposeValue] = []
        for raw in try YAMLReader.read(bytes, from: file) where !raw.isNull {
            let document = raw.interpolated({ variables[$0] }, &notes)
            guard let members = document.members else {
                notes.append(
                    ImportNote(
                        .error, .typeMismatch, "the file must be a mapping, but is \(document.kind)", at: document.place
                    ))
                continue
            }
            for member in members { check(member) }
            documents.append(document)
        }
        return documents
    }

    private mutating func check(_ member: ComposeValue.Member) {
        guard !member.key.hasPrefix("x-") else { return }
        guard Self.keys.contains(member.key) else {
            notes.append(.unknownKey(member, among: Self.keys))
            return
        }
        switch member.key {
        case "version":
            notes.append(
                ImportNote(.info, .noEffect, "Compose ignores it", key: "version", at: member.place))
        case "models":
            notes.append(
                ImportNote(.omitted, .unsupported, "Cube runs no language models", key: "models", at: member.place))
        case "name", "include": break
        default:
            if member.value.members == nil, !member.value.isNull {
                notes.append(.mismatch(member.value, expected: "a mapping", key: member.key))
            }
        }
    }

    // MARK: Inclusion

    private mutating func inclusions(
        of document: ComposeValue, directory: String, variables: [String: String], including: [String]
    ) throws(ImportNote) -> [ComposeValue] {
        guard let list = document["include"], !list.isNull else { return [] }
        guard let elements = list.elements else {
            throw .mismatch(list, expected: "a list", key: "include")
        }
        var models: [ComposeValue] = []
        for element in elements {
            let paths = (element["path"]?.asList ?? element.asList).elements?.compactMap(\.text) ?? []
            guard !paths.isEmpty else { throw .mismatch(element, expected: "a path", key: "include") }
            for member in element.members ?? []
            where !["path", "project_directory", "env_file"].contains(member.key) && !member.key.hasPrefix("x-") {
                notes.append(.unknownKey(member, among: ["path", "project_directory", "env_file"]))
            }
            let files = paths.map { $0.absolutePath(from: directory, home: home) }
            let inner =
                element["project_directory"]?.text.map { $0.absolutePath(from: directory, home: home) }
                ?? files[0].parentPath
            let environmentFiles = element["env_file"]?.asList.elements?.compactMap(\.text).map {
                $0.absolutePath(from: directory, home: home)
            }
            let own = try self.variables(
                files: environmentFiles, directory: inner, outer: variables, place: element.place)
            models.append(
                try model(files, directory: inner, variables: own, place: element.place, including: including))
        }
        return models
    }

    /// Adds an included project. Its names must not occur twice.
    private mutating func add(_ part: ComposeValue, to whole: inout ComposeValue) {
        var members = whole.members ?? []
        for kind in ["services", "networks", "volumes", "configs", "secrets"] {
            guard let added = part[kind]?.members else { continue }
            guard let index = members.firstIndex(where: { $0.key == kind }) else {
                members.append(.init(key: kind, place: part.place, value: part[kind]!))
                continue
            }
            var present = members[index].value.members ?? []
            for member in added {
                if let first = present.first(where: { $0.key == member.key }) {
                    if first.place != member.place {
                        notes.append(
                            ImportNote(
                                .error, .duplicateName,
                                "\(kind).\(member.key) is declared here and in \(first.place.file.name)",
                                at: member.place))
                    }
                } else {
                    present.append(member)
                }
            }
            members[index].value.content = .mapping(present)
        }
        whole.content = .mapping(members)
    }

    // MARK: Extension

    /// Returns a file whose services contain what they extend.
    private mutating func extending(
        _ document: ComposeValue, path: String, directory: String, variables: [String: String]
    ) throws(ImportNote) -> ComposeValue {
        guard let services = document["services"], let members = services.members,
            members.contains(where: { $0.value["extends"] != nil })
        else { return document }
        var resolved: [ComposeValue.Member] = []
        for var member in members {
            member.value = try extended(
                member.value, in: services, path: path, directory: directory, variables: variables,
                chain: ["\(path) \(member.key)"])
            resolved.append(member)
        }
        var copy = document
        copy.content = .mapping(
            document.members!.map { member in
                guard member.key == "services" else { return member }
                var member = member
                member.value.content = .mapping(resolved)
                return member
            })
        return copy
    }

    /// Returns a service merged with what it extends.
    ///
    /// - Parameters:
    ///   - services: the services of the same file.
    ///   - chain: the services that extend this one, and the service itself.
    private mutating func extended(
        _ service: ComposeValue, in services: ComposeValue, path: String, directory: String,
        variables: [String: String], chain: [String]
    ) throws(ImportNote) -> ComposeValue {
        guard let reference = service["extends"], !reference.isNull else { return service }
        guard let name = reference["service"]?.text ?? reference.text else {
            throw .mismatch(reference, expected: "the name of a service", key: "extends")
        }
        var (otherServices, otherPath, otherDirectory) = (services, path, directory)
        if let file = reference["file"]?.text {
            otherPath = file.absolutePath(from: directory, home: home)
            otherDirectory = otherPath.parentPath
            var merged: ComposeValue?
            for document in try documents(
                otherPath, directory: otherDirectory, variables: variables, place: reference.place)
            {
                merged = merged.map { ComposeMerge.files($0, document) } ?? document
            }
            otherServices = merged?["services"] ?? .null(at: reference.place)
        }
        guard chain.count <= Self.maximumExtensions else {
            throw ImportNote(
                .error, .tooDeep, "a service extends more than \(Self.maximumExtensions) others", key: "extends",
                at: reference.place)
        }
        guard let base = otherServices[name] else {
            throw ImportNote(
                .error, .undefinedName, "\(sources.name(otherPath)) has no service \(name.quoted)", key: "extends",
                at: reference.place)
        }
        let link = "\(otherPath) \(name)"
        guard !chain.contains(link) else {
            throw ImportNote(
                .error, .cycle, "the service extends itself through \(name.quoted)", key: "extends", at: reference.place
            )
        }
        let resolved = try extended(
            base, in: otherServices, path: otherPath, directory: otherDirectory, variables: variables,
            chain: chain + [link])
        return ComposeMerge.services(resolved.without("extends"), service.without("extends"))
    }
}

extension ComposeValue {
    func without(_ key: String) -> ComposeValue {
        guard let members else { return self }
        var copy = self
        copy.content = .mapping(members.filter { $0.key != key })
        return copy
    }
}
