/// The result of an import: manifests, the files beside them, and notes about all that they do not express.
package struct Import: Sendable {
    package struct Manifest: Hashable, Sendable {
        /// The name of the workload.
        package var name: String
        package var value: ManifestValue

        /// The name of the manifest's file in the directory of manifests.
        package var fileName: String { "\(name).json" }

        /// The content of the file.
        package var text: String { value.text }
    }

    /// A file that a manifest names.
    package struct File: Hashable, Sendable {
        /// The path, relative to the directory of manifests.
        package var path: String
        package var bytes: [UInt8]
        /// Whether the file was executable.
        package var isExecutable: Bool
    }

    /// The manifests, sorted by name; empty if the input is invalid.
    package var manifests: [Manifest]
    /// The files, sorted by path.
    package var files: [File]
    /// The notes: those of the whole project first, then those of each service, each in the order of the source.
    package var notes: [ImportNote]
    /// The options that the workers need, such as `--allow-mount /srv`, sorted.
    package var workerOptions: [String]

    /// Whether the input is invalid.
    package var isInvalid: Bool { notes.contains { $0.level == .error } }

    /// Whether the manifests express everything that the source asks for.
    package var isComplete: Bool { !notes.contains { $0.level == .error || $0.level == .omitted } }
}

extension Import {
    /// Imports a Compose project.
    ///
    /// - Parameter read: Returns the content of a file by its absolute path.
    package static func compose(_ request: ComposeRequest, read: @escaping (String) -> FileContent) -> Import {
        let sources = SourceFiles(workingDirectory: request.workingDirectory, read: read)
        var loader = ComposeLoader(request, sources: sources)
        do throws(ImportNote) {
            let project = try loader.load()
            if project.services.isEmpty, !loader.notes.contains(where: { $0.level == .error }) {
                let file = SourceFile(name: request.files.first.map(sources.name) ?? "", directory: "/")
                throw ImportNote(.error, .missingKey, "there are no services", key: "services", at: SourcePlace(file))
            }
            return Import(project, notes: loader.notes, sources: sources, home: request.environment["HOME"])
        } catch {
            return Import(manifests: [], files: [], notes: loader.notes + [error], workerOptions: [])
        }
    }

    /// Translates the active services of a project.
    ///
    /// - Parameter notes: the notes about reading the project.
    init(_ project: ComposeProject, notes: [ImportNote], sources: SourceFiles, home: String?) {
        let context = ProjectContext(project, sources: sources, home: home)
        var translations: [ServiceTranslation] = []
        for member in context.active {
            var translation = ServiceTranslation(member, in: context)
            translation.translate()
            translations.append(translation)
        }
        // A value that services share through an anchor is noted once for each service.
        var seen: Set<ImportNote> = []
        self.notes = (notes + context.notes + translations.flatMap(\.notes)).filter { seen.insert($0).inserted }
        workerOptions = Set(translations.flatMap(\.workerOptions)).sorted()
        let isInvalid = self.notes.contains { $0.level == .error }
        manifests =
            isInvalid
            ? []
            : translations.map { Manifest(name: $0.name, value: $0.manifest.value) }.sorted { $0.name < $1.name }
        files = isInvalid ? [] : translations.flatMap(\.files).sorted { $0.path < $1.path }
    }
}
