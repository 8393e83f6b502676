/// A new task, as its owner proposes it to the manager.
///
/// - Since: 0.1
public struct TaskProposal: Codable, Hashable, Sendable {
    /// The id of the task: the version 5 UUID of `cluster/owner/name/ordinal/attempt/digest`.
    public var id: TaskID
    /// The name of the workload, equal to the name in the definition.
    public var name: WorkloadName
    /// The number of the replica, 0 to 9,999.
    public var ordinal: Int
    /// The number of the task within its slot. The manager accepts only the slot's ``SlotStatus/next``.
    public var attempt: Int
    /// The digest of the definition's fields whose change replaces the task.
    public var specDigest: Digest
    /// The digest of the definition's fields that change in place.
    public var settingsDigest: Digest
    /// The manifest file of the workload, relative to the root of the source.
    public var source: String?
    /// The definition of the task, including the content of its files.
    public var definition: TaskDefinition
    /// The declared digest that a rollout gave up and that this task replaces; the manager keeps it in the slot record.
    public var rejects: Digest?
    /// The workloads of the same owner that the task depends on. At each placement, the task receives their current endpoints.
    public var dependencies: [WorkloadName]
    /// Whether the task may be stopped when its manifest is removed; `nil` means that it may.
    public var prune: Bool?
    /// How long the task must have been ready for its definition to count as healthy, in whole milliseconds; `nil` means
    /// ``standardMinHealthy``. On the wire, it is a text such as `15s`.
    public var minHealthy: Duration? {
        get { minHealthyText?.duration }
        set { minHealthyText = newValue.map { DurationText($0) } }
    }
    private var minHealthyText: DurationText?

    /// How long a task must have been ready for its definition to count as healthy if nothing else is said: 5 seconds.
    public static let standardMinHealthy: Duration = .seconds(5)

    enum CodingKeys: String, CodingKey {
        case id, name, ordinal, attempt, source, definition, rejects, prune
        case dependencies = "depends_on"
        case minHealthyText = "min_healthy"
        case specDigest = "spec_digest"
        case settingsDigest = "settings_digest"
    }

    public init(
        id: TaskID, name: WorkloadName, ordinal: Int, attempt: Int, specDigest: Digest, settingsDigest: Digest,
        source: String? = nil, definition: TaskDefinition, rejects: Digest? = nil, dependencies: [WorkloadName] = [],
        prune: Bool? = nil, minHealthy: Duration? = nil
    ) {
        self.id = id
        self.name = name
        self.ordinal = ordinal
        self.attempt = attempt
        self.specDigest = specDigest
        self.settingsDigest = settingsDigest
        self.source = source
        self.definition = definition
        self.rejects = rejects
        self.dependencies = dependencies
        self.prune = prune
        self.minHealthy = minHealthy
    }
}

extension TaskProposal {
    /// Dependencies that an older program omits are empty.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(TaskID.self, forKey: .id)
        name = try container.decode(WorkloadName.self, forKey: .name)
        ordinal = try container.decode(Int.self, forKey: .ordinal)
        attempt = try container.decode(Int.self, forKey: .attempt)
        specDigest = try container.decode(Digest.self, forKey: .specDigest)
        settingsDigest = try container.decode(Digest.self, forKey: .settingsDigest)
        source = try container.decodeIfPresent(String.self, forKey: .source)
        definition = try container.decode(TaskDefinition.self, forKey: .definition)
        rejects = try container.decodeIfPresent(Digest.self, forKey: .rejects)
        dependencies = try container.decodeIfPresent([WorkloadName].self, forKey: .dependencies) ?? []
        prune = try container.decodeIfPresent(Bool.self, forKey: .prune)
        minHealthyText = try container.decodeIfPresent(DurationText.self, forKey: .minHealthyText)
    }
}

/// The body of `POST /tasks/{id}/adopt`, which moves a task to another owner. The running process is not affected.
///
/// - Since: 0.1
public struct AdoptRequest: Codable, Hashable, Sendable {
    /// The new owner.
    public var owner: OwnerName
    /// The maximum number of live tasks of the name that the new owner may have after the call.
    public var maxLive: Int

    enum CodingKeys: String, CodingKey {
        case owner
        case maxLive = "max_live"
    }

    public init(owner: OwnerName, maxLive: Int) {
        self.owner = owner
        self.maxLive = maxLive
    }
}

/// The body of `POST /tasks`.
///
/// - Since: 0.1
public struct ScheduleRequest: Codable, Hashable, Sendable {
    /// The owner of the task.
    public var owner: OwnerName
    /// The fence of the owner's lease; 0 for the owner `manual`.
    public var fence: Int
    /// The reconciler's pass that decided to schedule the task.
    public var pass: Int
    /// The maximum number of live tasks of the name after the call.
    public var maxLive: Int
    /// The task to schedule.
    public var task: TaskProposal

    enum CodingKeys: String, CodingKey {
        case owner, fence, pass, task
        case maxLive = "max_live"
    }

    public init(owner: OwnerName, fence: Int = 0, pass: Int = 0, maxLive: Int, task: TaskProposal) {
        self.owner = owner
        self.fence = fence
        self.pass = pass
        self.maxLive = maxLive
        self.task = task
    }
}

/// The body of `POST /tasks/batch`: at most ``maximum`` operations. Each has its own result, in the same order.
///
/// - Since: 0.1
public struct BatchRequest: Codable, Hashable, Sendable {
    /// The maximum number of operations in a batch.
    public static let maximum = 1000

    /// The owner of the tasks.
    public var owner: OwnerName
    /// The fence of the owner's lease; 0 for the owner `manual`.
    public var fence: Int
    /// The reconciler's pass that decided the operations; the manager rejects a pass below the highest that it has seen.
    public var pass: Int
    /// The notes of the owner's source about its names, recorded before the operations; at most ``maximum`` names and tasks.
    public var notes: SourceNotes?
    /// The operations, carried out in this order and independently of each other.
    public var operations: [BatchOperation]
    /// The position of the caller's view of the owner. If it is set, the answer contains the changes after it, so that the caller
    /// need not request them.
    public var since: ViewPosition?

    public init(
        owner: OwnerName, fence: Int = 0, pass: Int = 0, notes: SourceNotes? = nil, operations: [BatchOperation],
        since: ViewPosition? = nil
    ) {
        self.owner = owner
        self.fence = fence
        self.pass = pass
        self.notes = notes
        self.operations = operations
        self.since = since
    }
}

/// An operation of a batch. On the wire, it is an object with one of the keys `definition`, `schedule`, `update` and `stop`.
///
/// - Since: 0.1
public enum BatchOperation: Hashable, Sendable {
    /// Schedules a task by its definition alone, beside the live tasks of the same name; only for the owner `manual`. If the `id`
    /// of the definition is known, the result is the existing task.
    case definition(TaskDefinition)
    /// Schedules a task, unless more than `maxLive` tasks of its name would then be live.
    case schedule(TaskProposal, maxLive: Int)
    /// Updates the settings of a task in place.
    case update(SettingsUpdate)
    /// Stops a task, or prevents its start if it was not scheduled yet.
    case stop(StopRequest)
}

/// New settings for a task, applied in place. The manager rejects the update if the current settings of the task are not those of
/// `from`.
///
/// - Since: 0.1
public struct SettingsUpdate: Codable, Hashable, Sendable {
    /// The id of the task.
    public var id: TaskID
    /// The current settings digest of the task.
    public var from: Digest
    /// The settings digest of the task after the update.
    public var to: Digest
    /// The manifest file of the workload, relative to the root of the source.
    public var source: String?
    /// The definition with the new settings. All other fields are those of the existing task.
    public var definition: TaskDefinition

    public init(id: TaskID, from: Digest, to: Digest, source: String? = nil, definition: TaskDefinition) {
        self.id = id
        self.from = from
        self.to = to
        self.source = source
        self.definition = definition
    }
}

/// The body of `PUT /tasks/{id}/settings` of the manager: one ``SettingsUpdate`` under the owner's lease.
///
/// - Since: 0.1
public struct UpdateRequest: Codable, Hashable, Sendable {
    /// The owner of the task.
    public var owner: OwnerName
    /// The fence of the owner's lease; 0 for the owner `manual`.
    public var fence: Int
    /// The reconciler's pass that decided the update; the manager rejects a pass below the highest that it has seen.
    public var pass: Int
    /// The update.
    public var update: SettingsUpdate

    public init(owner: OwnerName, fence: Int = 0, pass: Int = 0, update: SettingsUpdate) {
        self.owner = owner
        self.fence = fence
        self.pass = pass
        self.update = update
    }
}

/// A request to stop a task. It contains slot and attempt, so that a stop that arrives before the task's schedule takes effect too.
///
/// - Since: 0.1
public struct StopRequest: Codable, Hashable, Sendable {
    /// The id of the task.
    public var id: TaskID
    /// The name of the workload.
    public var name: WorkloadName
    /// The number of the replica, 0 to 9,999.
    public var ordinal: Int
    /// The number of the task within its slot.
    public var attempt: Int
    /// The declared digest that a rollout gives up with this stop; the manager keeps it in the slot record.
    public var rejects: Digest?
    /// Whether the task is stopped because no manifest declares its name any more. Such a stop counts towards the owner's
    /// ``GuardLimits``. If it exceeds them, the manager refuses it (`guard_window`) unless an approval covers it.
    public var prune: Bool

    public init(
        id: TaskID, name: WorkloadName, ordinal: Int, attempt: Int, rejects: Digest? = nil, prune: Bool = false
    ) {
        self.id = id
        self.name = name
        self.ordinal = ordinal
        self.attempt = attempt
        self.rejects = rejects
        self.prune = prune
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try container.decode(TaskID.self, forKey: .id),
            name: try container.decode(WorkloadName.self, forKey: .name),
            ordinal: try container.decode(Int.self, forKey: .ordinal),
            attempt: try container.decode(Int.self, forKey: .attempt),
            rejects: try container.decodeIfPresent(Digest.self, forKey: .rejects),
            prune: try container.decodeIfPresent(Bool.self, forKey: .prune) ?? false)
    }

    /// Creates the request that stops a task which the manager returned.
    public init(_ task: TaskStatus) {
        self.init(id: task.id, name: task.name, ordinal: task.ordinal, attempt: task.attempt)
    }
}

extension BatchOperation: Codable {
    enum CodingKeys: String, CodingKey { case definition, schedule, update, stop }

    /// The value of the key `schedule`: the proposal and the limit of live tasks.
    private struct Schedule: Codable {
        var maxLive: Int
        var task: TaskProposal
        enum CodingKeys: String, CodingKey {
            case task
            case maxLive = "max_live"
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // With two keys, one operation would be carried out and the other would be dropped silently.
        guard try container.allKeys.filter({ try !container.decodeNil(forKey: $0) }).count <= 1 else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "must be only one of definition, schedule, update, stop"))
        }
        if let definition = try container.decodeIfPresent(TaskDefinition.self, forKey: .definition) {
            self = .definition(definition)
        } else if let schedule = try container.decodeIfPresent(Schedule.self, forKey: .schedule) {
            self = .schedule(schedule.task, maxLive: schedule.maxLive)
        } else if let update = try container.decodeIfPresent(SettingsUpdate.self, forKey: .update) {
            self = .update(update)
        } else if let stop = try container.decodeIfPresent(StopRequest.self, forKey: .stop) {
            self = .stop(stop)
        } else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "must be one of definition, schedule, update, stop"))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .definition(let definition): try container.encode(definition, forKey: .definition)
        case .schedule(let task, let maxLive):
            try container.encode(Schedule(maxLive: maxLive, task: task), forKey: .schedule)
        case .update(let update): try container.encode(update, forKey: .update)
        case .stop(let stop): try container.encode(stop, forKey: .stop)
        }
    }
}
