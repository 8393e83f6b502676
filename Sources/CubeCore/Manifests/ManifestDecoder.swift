package import CubeJSON
import CubeTypes

/// The workloads in a manifest file, and the problems found in it.
package struct DecodedFile: Hashable, Sendable {
    /// The workloads in the order of the file; empty if any diagnostic is an error.
    package var workloads: [Workload]
    /// All problems, in the order of their positions. Warnings do not make the workloads invalid.
    package var diagnostics: [Diagnostic]

    package init(workloads: [Workload], diagnostics: [Diagnostic]) {
        self.workloads = workloads
        self.diagnostics = diagnostics
    }
}

/// Decodes manifest files: strict JSON with one object or an array of objects, as defined by the field tables.
package enum ManifestDecoder {
    /// The maximum size of a manifest file in bytes: 1 MiB.
    package static let maximumSize = 1 << 20

    /// Decodes a manifest file.
    ///
    /// - Parameters:
    ///   - file: The path of the file, relative to the root of the manifests, for workloads and diagnostics.
    ///   - fields: The fields of a manifest.
    ///   - beside: Reads a file that the manifest names. The path is relative to the directory of the manifest.
    package static func decode(
        _ bytes: [UInt8], file: String, fields: ManifestFields = .standard,
        beside: (_ path: String) -> AttachedContent = { _ in .unreadable("cannot be read from here") }
    ) -> DecodedFile {
        let (declarations, problems, warnings) = read(bytes, fields, beside)
        guard problems.isEmpty else {
            return DecodedFile(
                workloads: [], diagnostics: Problem.diagnostics(of: problems, in: bytes, filename: file))
        }
        let positions = SourcePositions(of: declarations.flatMap(\.offsets), in: bytes)
        func place(_ bytes: Range<Int>) -> SourceRange {
            SourceRange(filename: file, start: positions[bytes.lowerBound], end: positions[bytes.upperBound])
        }
        let workloads = declarations.map { declaration in
            Workload(
                definition: declaration.manifest.definition, steering: declaration.manifest.steering,
                range: place(declaration.name), dependencyRanges: declaration.dependencies.map(place), fields: fields,
                present: declaration.present)
        }
        var diagnostics = Problem.diagnostics(of: warnings, in: bytes, filename: file)
        for index in diagnostics.indices { diagnostics[index].severity = .warning }
        return DecodedFile(workloads: workloads, diagnostics: diagnostics)
    }

    /// Decodes a `cube.json` file, which configures its directory.
    package static func decodeGroup(_ bytes: [UInt8], file: String) -> (group: ManifestGroup, diagnostics: [Diagnostic])
    {
        var group = ManifestGroup()
        let diagnostics = read(bytes, file: file, by: ManifestGroup.fields, into: &group)
        return (group, diagnostics)
    }

    /// Reads a file with one object, as strictly as a manifest.
    static func read<Root>(
        _ bytes: [UInt8], file: String, by fields: FieldTable<Root>, into root: inout Root
    ) -> [Diagnostic] {
        var reader = FieldReader()
        do throws(Problem) {
            fields.read(try document(bytes, &reader).root, into: &root, &reader)
        } catch {
            reader.report(error)
        }
        return Problem.diagnostics(of: reader.problems, in: bytes, filename: file)
    }

    /// The error message for a file with more than ``maximumSize`` bytes.
    package static func tooLarge(_ size: Int) -> String { "the file has \(size) bytes, more than 1 MiB" }

    private static func document(_ bytes: [UInt8], _ reader: inout FieldReader) throws(Problem) -> JSONDocument {
        guard bytes.count <= maximumSize else {
            throw Problem(.tooLarge, tooLarge(bytes.count), at: 0..<0)
        }
        let document = try JSONDocument(reading: bytes)
        for (key, first) in document.duplicateKeys {
            reader.report(
                Problem(
                    .duplicateKey, "duplicate key \(Quoted(key.text))", detail: .repeats(first.range.lowerBound),
                    at: key.range))
        }
        return document
    }

    /// Whether an object has keys, but none that a manifest has, so it was probably not meant to be a manifest.
    private static func isForeign(_ object: JSONValue, _ fields: ManifestFields) -> Bool {
        guard object.kind == .object else { return false }
        var isForeign = false
        for key in object.keys {
            if fields.manifest.hasField(named: key) { return false }
            isForeign = true
        }
        return isForeign
    }

    /// A manifest, and where the file says its name and those of its dependencies.
    private struct Declaration {
        var manifest: Manifest
        var present: PresentFields
        var name: Range<Int>
        var dependencies: [Range<Int>]

        init(_ manifest: Manifest, _ present: PresentFields, name: JSONValue, in object: JSONValue) {
            self.manifest = manifest
            self.present = present
            self.name = name.range
            dependencies = object["depends_on"]?.elements.map(\.range) ?? []
        }

        /// Where the names begin and end.
        var offsets: [Int] {
            dependencies.reduce(into: [name.lowerBound, name.upperBound]) { offsets, place in
                offsets.append(place.lowerBound)
                offsets.append(place.upperBound)
            }
        }
    }

    private static func read(
        _ bytes: [UInt8], _ fields: ManifestFields, _ beside: (String) -> AttachedContent
    ) -> (declarations: [Declaration], problems: [Problem], warnings: [Problem]) {
        var reader = FieldReader()
        let document: JSONDocument
        do throws(Problem) { document = try self.document(bytes, &reader) } catch { return ([], [error], []) }
        var declarations: [Declaration] = []
        var warnings: [Problem] = []
        var names: [String: JSONValue] = [:]
        for object in document.root.kind == .array ? Array(document.root.elements) : [document.root] {
            guard !isForeign(object, fields) else {
                reader.report(
                    Problem(
                        .missingKey, "not a manifest: the object has no manifest fields",
                        detail:
                            "every *.json file is read as a manifest; give other files another extension, or move them to a directory whose name begins with a dot",
                        at: object.opening))
                continue
            }
            var manifest = Manifest.empty
            let problemsBefore = reader.problems.count
            let present = fields.manifest.read(object, into: &manifest, &reader)
            let problems = reader.problems[problemsBefore...]
            if problems.isEmpty { warnings += manifest.warnings(object) }
            // The elements of a field with a problem are not complete, so they cannot be matched with those of the file.
            if !problems.contains(where: { TaskDefinition.namesFiles($0.field) }) {
                manifest.definition.attach(object, &reader, reading: beside)
            }
            guard let name = object["name"], let text = name.string else { continue }
            if let first = names.updateValue(name, forKey: text) {
                names[text] = first
                reader.report(
                    Problem(
                        .duplicateName, Diagnostic.duplicateSummary(text), detail: .repeats(first.range.lowerBound),
                        at: name.range))
            }
            declarations.append(Declaration(manifest, present, name: name, in: object))
        }
        return (declarations, reader.problems, warnings)
    }
}
