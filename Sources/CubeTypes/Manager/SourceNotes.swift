/// What a source of manifests says of an owner's names beside the operations of a batch. The manager keeps it, as the reconciler
/// decides by it; nothing that runs is changed by it.
///
/// - Since: 0.1
public struct SourceNotes: Hashable, Sendable {
    /// Where live tasks are declared, and how.
    public var declared: [Declaration]
    /// Slots of names that are proved to be gone from the source, and of which nothing lives.
    public var withdrawn: [WithdrawnSlot]
    /// The directory that the manifests were read from; `nil` leaves the one that is known.
    public var root: SourceRoot?

    public init(declared: [Declaration] = [], withdrawn: [WithdrawnSlot] = [], root: SourceRoot? = nil) {
        self.declared = declared
        self.withdrawn = withdrawn
        self.root = root
    }

    /// Whether they say nothing.
    public var isEmpty: Bool { declared.isEmpty && withdrawn.isEmpty && root == nil }
}

extension SourceNotes: Codable {
    enum CodingKeys: String, CodingKey { case declared, withdrawn, root }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            declared: try container.decodeIfPresent([Declaration].self, forKey: .declared) ?? [],
            withdrawn: try container.decodeIfPresent([WithdrawnSlot].self, forKey: .withdrawn) ?? [],
            root: try container.decodeIfPresent(SourceRoot.self, forKey: .root))
    }
}

/// Where a live task is declared, and what its manifest says of it that is no part of its definition.
///
/// - Since: 0.1
public struct Declaration: Codable, Hashable, Sendable {
    /// The task's id.
    public var id: TaskID
    /// The manifest file, relative to the source's root.
    public var source: String?
    /// Whether the task may be stopped when its manifest goes.
    public var prune: Bool
    /// The workloads of the same owner that it depends on.
    public var dependencies: [WorkloadName]

    enum CodingKeys: String, CodingKey {
        case id, source, prune
        case dependencies = "depends_on"
    }

    public init(id: TaskID, source: String?, prune: Bool, dependencies: [WorkloadName]) {
        self.id = id
        self.source = source
        self.prune = prune
        self.dependencies = dependencies
    }
}

/// A slot of a name that is proved to be gone from the source: its last task is history, and a name that returns starts anew.
///
/// - Since: 0.1
public struct WithdrawnSlot: Codable, Hashable, Sendable {
    /// The workload's name.
    public var name: WorkloadName
    /// Which replica: from 0.
    public var ordinal: Int

    public init(name: WorkloadName, ordinal: Int) {
        self.name = name
        self.ordinal = ordinal
    }
}

/// The directory that a source's manifests are read from. The manager compares nothing in it.
///
/// - Since: 0.1
public struct SourceRoot: Codable, Hashable, Sendable {
    /// Which directory it is, whatever its path.
    public var directory: String
    /// The directories below it that lie on mounts of their own, sorted; `nil` when they are not known, or too many.
    public var mounts: [String]?

    enum CodingKeys: String, CodingKey { case directory, mounts }

    public init(directory: String, mounts: [String]? = nil) {
        self.directory = directory
        self.mounts = mounts
    }
}
