/// Facts about an owner's names that a source of manifests reports along with the operations of a batch. The manager keeps them for
/// the reconciler, whose decisions depend on them. They do not affect running tasks.
///
/// - Since: 0.1
public struct SourceNotes: Hashable, Sendable {
    /// The files in which live tasks are declared, and the parts of their manifests that are not in their definitions.
    public var declared: [Declaration]
    /// The slots of names that are proved to be gone from the source and have no live tasks.
    public var withdrawn: [WithdrawnSlot]
    /// The directory from which the manifests are read; `nil` leaves the recorded directory unchanged.
    public var root: SourceRoot?

    public init(declared: [Declaration] = [], withdrawn: [WithdrawnSlot] = [], root: SourceRoot? = nil) {
        self.declared = declared
        self.withdrawn = withdrawn
        self.root = root
    }

    /// Whether there are no notes.
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

/// The file in which a live task is declared, and the parts of its manifest that are not in its definition.
///
/// - Since: 0.1
public struct Declaration: Codable, Hashable, Sendable {
    /// The id of the task.
    public var id: TaskID
    /// The manifest file, relative to the root of the source.
    public var source: String?
    /// Whether the task may be stopped when its manifest is removed.
    public var prune: Bool
    /// The workloads of the same owner that the task depends on.
    public var dependencies: [WorkloadName]
    /// How long the task must have been ready for its definition to count as healthy, in whole milliseconds; `nil` means
    /// ``TaskProposal/standardMinHealthy``. On the wire, it is a text such as `15s`.
    public var minHealthy: Duration? {
        get { minHealthyText?.duration }
        set { minHealthyText = newValue.map { DurationText($0) } }
    }
    private var minHealthyText: DurationText?

    enum CodingKeys: String, CodingKey {
        case id, source, prune
        case dependencies = "depends_on"
        case minHealthyText = "min_healthy"
    }

    public init(
        id: TaskID, source: String?, prune: Bool, dependencies: [WorkloadName], minHealthy: Duration? = nil
    ) {
        self.id = id
        self.source = source
        self.prune = prune
        self.dependencies = dependencies
        self.minHealthy = minHealthy
    }
}

extension Declaration {
    /// Dependencies that an older program omits are empty.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(TaskID.self, forKey: .id)
        source = try container.decodeIfPresent(String.self, forKey: .source)
        prune = try container.decode(Bool.self, forKey: .prune)
        dependencies = try container.decodeIfPresent([WorkloadName].self, forKey: .dependencies) ?? []
        minHealthyText = try container.decodeIfPresent(DurationText.self, forKey: .minHealthyText)
    }
}

/// A slot of a name that is proved to be gone from the source. The last task of the slot is history, and a name that returns starts
/// anew.
///
/// - Since: 0.1
public struct WithdrawnSlot: Codable, Hashable, Sendable {
    /// The name of the workload.
    public var name: WorkloadName
    /// The number of the replica, from 0.
    public var ordinal: Int

    public init(name: WorkloadName, ordinal: Int) {
        self.name = name
        self.ordinal = ordinal
    }
}

/// The directory from which a source reads its manifests. The manager stores it, and decides nothing by it.
///
/// - Since: 0.1
public struct SourceRoot: Codable, Hashable, Sendable {
    /// The identity of the directory, independent of its path.
    public var directory: String
    /// The directories below it that are mount points, sorted; `nil` if they are unknown or too many.
    public var mounts: [String]?

    // No decoder skips an unreadable value: prunes are held if the root differs.
    enum CodingKeys: String, CodingKey { case directory, mounts }

    public init(directory: String, mounts: [String]? = nil) {
        self.directory = directory
        self.mounts = mounts
    }
}
