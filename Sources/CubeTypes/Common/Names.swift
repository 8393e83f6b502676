/// The name of a workload: a service or a job.
///
/// - Since: 0.1
public struct WorkloadName: Identifier {
    /// The rule for a name, worded for a message.
    public static let rule = Label.rule
    public let rawValue: String
    /// Validates a DNS label: 1 to 63 characters from `a-z`, `0-9` and `-`, without a leading or trailing `-`.
    public init?(rawValue: String) {
        guard Label.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }
}

/// The name of an owner of workloads, usually one reconciler with its source.
///
/// - Since: 0.1
public struct OwnerName: Identifier {
    /// The rule for a name, worded for a message.
    public static let rule = Label.rule
    public let rawValue: String
    /// Validates a DNS label: 1 to 63 characters from `a-z`, `0-9` and `-`, without a leading or trailing `-`.
    public init?(rawValue: String) {
        guard Label.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    /// The owner that is used if none is given.
    public static let `default` = OwnerName(rawValue: "default")!
    /// The owner of tasks that `cube task run` schedules. It needs no lease.
    public static let manual = OwnerName(rawValue: "manual")!
}

/// The name of a network that containers of one owner join.
///
/// - Since: 0.1
public struct NetworkName: Identifier {
    /// The rule for a name, worded for a message.
    public static let rule = Label.rule
    public let rawValue: String
    /// Validates a DNS label: 1 to 63 characters from `a-z`, `0-9` and `-`, without a leading or trailing `-`.
    public init?(rawValue: String) {
        guard Label.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }
}

/// The name of a node and its worker.
///
/// - Since: 0.1
public struct NodeName: Identifier {
    /// The rule for a name, worded for a message.
    public static let rule = Label.rule
    public let rawValue: String
    /// Validates a DNS label: 1 to 63 characters from `a-z`, `0-9` and `-`, without a leading or trailing `-`.
    public init?(rawValue: String) {
        guard Label.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }
}

/// The name of a volume, which belongs to an owner.
///
/// - Since: 0.1
public struct VolumeName: Identifier {
    /// The rule for a name, worded for a message.
    public static let rule = Label.rule
    public let rawValue: String
    /// Validates a DNS label: 1 to 63 characters from `a-z`, `0-9` and `-`, without a leading or trailing `-`.
    public init?(rawValue: String) {
        guard Label.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }
}

/// The name of a token that a manager issued.
///
/// - Since: 0.1
public struct TokenName: Identifier {
    /// The rule for a name, worded for a message.
    public static let rule = Label.rule
    public let rawValue: String
    /// Validates a DNS label: 1 to 63 characters from `a-z`, `0-9` and `-`, without a leading or trailing `-`.
    public init?(rawValue: String) {
        guard Label.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }
}

/// The id of a task: a lower-case UUID.
///
/// - Since: 0.1
public struct TaskID: Identifier {
    /// The rule for an id, worded for a message.
    public static let rule = UUIDBits.rule
    private let bits: UUIDBits
    /// Validates a UUID in lower case.
    public init?(rawValue: String) {
        guard let bits = UUIDBits(rawValue) else { return nil }
        self.bits = bits
    }
    /// The UUID as text, which is made anew each time.
    public var rawValue: String { bits.text }

    public static func == (left: TaskID, right: TaskID) -> Bool { left.bits == right.bits }
    public static func < (left: TaskID, right: TaskID) -> Bool { left.bits < right.bits }
    public func hash(into hasher: inout Hasher) { hasher.combine(bits) }
}

/// The id of a session of `exec`: a lower-case UUID that the client creates, so that it can repeat the call that starts the session.
///
/// - Since: 0.1
public struct ExecID: Identifier {
    /// The rule for an id, worded for a message.
    public static let rule = UUIDBits.rule
    private let bits: UUIDBits
    /// Validates a UUID in lower case.
    public init?(rawValue: String) {
        guard let bits = UUIDBits(rawValue) else { return nil }
        self.bits = bits
    }
    /// The UUID as text, which is made anew each time.
    public var rawValue: String { bits.text }

    public static func == (left: ExecID, right: ExecID) -> Bool { left.bits == right.bits }
    public static func < (left: ExecID, right: ExecID) -> Bool { left.bits < right.bits }
    public func hash(into hasher: inout Hasher) { hasher.combine(bits) }
}

/// The id of a cluster. A manager creates it with its store; a worker without a manager creates it with its first task.
///
/// - Since: 0.1
public struct ClusterID: Identifier {
    /// The rule for an id, worded for a message.
    public static let rule = UUIDBits.rule
    private let bits: UUIDBits
    /// Validates a UUID in lower case.
    public init?(rawValue: String) {
        guard let bits = UUIDBits(rawValue) else { return nil }
        self.bits = bits
    }
    /// The UUID as text, which is made anew each time.
    public var rawValue: String { bits.text }

    public static func == (left: ClusterID, right: ClusterID) -> Bool { left.bits == right.bits }
    public static func < (left: ClusterID, right: ClusterID) -> Bool { left.bits < right.bits }
    public func hash(into hasher: inout Hasher) { hasher.combine(bits) }

    /// Whether a worker without a manager created the cluster. Such ids are UUIDs of version 8 (RFC 9562), and those that managers
    /// create are random UUIDs.
    package var isOfWorker: Bool { rawValue.utf8.dropFirst(14).first == UInt8(ascii: "8") }
}

/// The id of a manifest source, created with the reconciler's data directory.
///
/// - Since: 0.1
public struct SourceID: Identifier {
    /// The rule for an id, worded for a message.
    public static let rule = UUIDBits.rule
    private let bits: UUIDBits
    /// Validates a UUID in lower case.
    public init?(rawValue: String) {
        guard let bits = UUIDBits(rawValue) else { return nil }
        self.bits = bits
    }
    /// The UUID as text, which is made anew each time.
    public var rawValue: String { bits.text }

    public static func == (left: SourceID, right: SourceID) -> Bool { left.bits == right.bits }
    public static func < (left: SourceID, right: SourceID) -> Bool { left.bits < right.bits }
    public func hash(into hasher: inout Hasher) { hasher.combine(bits) }
}

/// A SHA-256 digest: `sha256:` followed by 64 lower-case hexadecimal digits.
///
/// - Since: 0.1
public struct Digest: Identifier {
    /// The rule for a digest, worded for a message.
    public static let rule = "must be \"sha256:\" and 64 lower-case hexadecimal digits"
    private let bits: DigestBits
    /// Validates `sha256:` followed by 64 lower-case hexadecimal digits.
    public init?(rawValue: String) {
        guard let bits = DigestBits(rawValue) else { return nil }
        self.bits = bits
    }

    /// Creates a digest from the 32 bytes of a SHA-256.
    package init(sha256 bytes: [UInt8]) {
        precondition(bytes.count == 32)
        bits = DigestBits(bytes)
    }

    /// `sha256:` and the digits, which are made anew each time.
    public var rawValue: String { bits.text }

    public static func == (left: Digest, right: Digest) -> Bool { left.bits == right.bits }
    public static func < (left: Digest, right: Digest) -> Bool { left.bits < right.bits }
    public func hash(into hasher: inout Hasher) { hasher.combine(bits) }

    /// The hexadecimal digits without the prefix.
    public var hexadecimal: Substring { rawValue.dropFirst(7) }
}

/// The SHA-256 of a certificate in DER: 64 lower-case hexadecimal digits.
///
/// - Since: 0.1
public struct CertificateFingerprint: Identifier {
    /// The rule for a fingerprint, worded for a message.
    public static let rule = "must be 64 lower-case hexadecimal digits"
    public let rawValue: String
    /// Validates 64 lower-case hexadecimal digits.
    public init?(rawValue: String) {
        guard rawValue.utf8.count == 64, rawValue.utf8.allSatisfy(Hexadecimal.isDigit) else { return nil }
        self.rawValue = rawValue
    }
}
