/// The name of a workload: a service or a job.
///
/// - Since: 0.1
public struct WorkloadName: Identifier {
    /// What a name must be, as a message says it.
    public static let rule = Label.rule
    public let rawValue: String
    /// Reads a DNS label: 1 to 63 of `a-z`, `0-9` and `-`, no `-` at its ends.
    public init?(rawValue: String) {
        guard Label.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }
}

/// Who owns workloads: usually one reconciler and its source.
///
/// - Since: 0.1
public struct OwnerName: Identifier {
    /// What a name must be, as a message says it.
    public static let rule = Label.rule
    public let rawValue: String
    /// Reads a DNS label: 1 to 63 of `a-z`, `0-9` and `-`, no `-` at its ends.
    public init?(rawValue: String) {
        guard Label.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    /// The owner where nobody says another.
    public static let `default` = OwnerName(rawValue: "default")!
    /// The owner of what `cube task run` schedules; it needs no lease.
    public static let manual = OwnerName(rawValue: "manual")!
}

/// The name of a node and its worker.
///
/// - Since: 0.1
public struct NodeName: Identifier {
    /// What a name must be, as a message says it.
    public static let rule = Label.rule
    public let rawValue: String
    /// Reads a DNS label: 1 to 63 of `a-z`, `0-9` and `-`, no `-` at its ends.
    public init?(rawValue: String) {
        guard Label.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }
}

/// A lower-case UUID: a task, a cluster, a source.
///
/// - Since: 0.1
public struct TaskID: Identifier {
    /// What an id must be, as a message says it.
    public static let rule = UUIDText.rule
    public let rawValue: String
    /// Reads a UUID in lower case.
    public init?(rawValue: String) {
        guard UUIDText.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }
}

/// The id of a cluster: made once, with the manager's store; of a worker that stands alone with its first task.
///
/// - Since: 0.1
public struct ClusterID: Identifier {
    /// What an id must be, as a message says it.
    public static let rule = UUIDText.rule
    public let rawValue: String
    /// Reads a UUID in lower case.
    public init?(rawValue: String) {
        guard UUIDText.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    /// Whether a worker founded it that belonged to none: such ids are UUIDs of version 8 (RFC 9562), those of managers random
    /// ones.
    package var isOfWorker: Bool { rawValue.utf8.dropFirst(14).first == UInt8(ascii: "8") }
}

/// The id of a manifest source: made once, with the reconciler's data directory.
///
/// - Since: 0.1
public struct SourceID: Identifier {
    /// What an id must be, as a message says it.
    public static let rule = UUIDText.rule
    public let rawValue: String
    /// Reads a UUID in lower case.
    public init?(rawValue: String) {
        guard UUIDText.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }
}

/// `sha256:` and 64 lower-case hexadecimal digits.
///
/// - Since: 0.1
public struct Digest: Identifier {
    /// What a digest must be, as a message says it.
    public static let rule = "must be \"sha256:\" and 64 lower-case hexadecimal digits"
    public let rawValue: String
    /// Reads `sha256:` and 64 lower-case hexadecimal digits.
    public init?(rawValue: String) {
        guard rawValue.hasPrefix("sha256:"), rawValue.utf8.count == 71,
            rawValue.utf8.dropFirst(7).allSatisfy(UUIDText.isHexadecimal)
        else { return nil }
        self.rawValue = rawValue
    }

    /// The hexadecimal digits alone.
    public var hexadecimal: Substring { rawValue.dropFirst(7) }
}

enum UUIDText {
    static let rule = "must be a lower-case UUID"

    static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    static func isValid(_ text: String) -> Bool {
        text.utf8.count == 36
            && text.utf8.enumerated().allSatisfy { position, byte in
                [8, 13, 18, 23].contains(position) ? byte == UInt8(ascii: "-") : isHexadecimal(byte)
            }
    }
}
