package import CubeTypes

/// What is remembered of a source between runs: without it, a file that cannot be read would say nothing.
///
/// It can be deleted at any time. Then it is rebuilt, as well as may be, from the sources that live tasks bear.
package struct SourceMemory: Codable, Hashable, Sendable {
    /// The directory whose names these are.
    package var root: RootIdentity?
    /// The directories below it that lay on mounts of their own; `nil` where that was never seen.
    package var mounts: Set<BytePath>?
    /// The names that each file last defined, sorted; by path.
    package var files: [BytePath: [WorkloadName]]
    /// The names that this source itself defined and that are not known to be gone.
    package var names: [WorkloadName: NameMemory]

    package init(
        root: RootIdentity? = nil, files: [BytePath: [WorkloadName]] = [:], names: [WorkloadName: NameMemory] = [:]
    ) {
        self.root = root
        self.files = files
        self.names = names
    }
}

extension SourceMemory {
    private enum CodingKeys: String, CodingKey {
        case root, mounts, files, names
    }

    /// A file with the names that it last defined. In a list: keys of a JSON object are compared as texts, files are not.
    private struct File: Codable {
        var file: String
        var names: [WorkloadName]
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let known: [(BytePath, [WorkloadName])]
        do {
            known = try values.decode([File].self, forKey: .files).map { (BytePath(text: $0.file), $0.names) }
        } catch DecodingError.typeMismatch {
            // As it was written before files were told apart by their bytes.
            known = try values.decode([String: [WorkloadName]].self, forKey: .files).map {
                (BytePath(naming: $0.key), $0.value)
            }
        }
        self.init(
            root: try values.decodeIfPresent(RootIdentity.self, forKey: .root),
            files: Dictionary(known) { $1 },
            names: try values.decode([WorkloadName: NameMemory].self, forKey: .names))
        mounts = try values.decodeIfPresent([String].self, forKey: .mounts).map { Set($0.map(BytePath.init(text:))) }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(root, forKey: .root)
        try values.encodeIfPresent(mounts?.sorted().map(\.text), forKey: .mounts)
        try values.encode(
            files.sorted { $0.key < $1.key }.map { File(file: $0.key.text, names: $0.value) }, forKey: .files)
        try values.encode(names, forKey: .names)
    }
}

/// What is remembered of a name.
package struct NameMemory: Codable, Hashable, Sendable {
    /// Whether its tasks are stopped when its manifest goes.
    package var prune: Bool
    /// The revision of the cluster at which it came: what had failed before may be tried again. `nil` until it is known.
    package var since: Int?
    /// What it depends on, sorted; `nil` where that is nothing.
    package var dependsOn: [WorkloadName]?

    enum CodingKeys: String, CodingKey {
        case prune, since
        case dependsOn = "depends_on"
    }

    package init(prune: Bool, since: Int? = nil, dependsOn: [WorkloadName]? = nil) {
        self.prune = prune
        self.since = since
        self.dependsOn = dependsOn
    }
}
