/// A new task, as its owner asks for it.
///
/// - Since: 0.1
public struct TaskProposal: Codable, Hashable, Sendable {
    /// UUID version 5 of `cluster/owner/name/ordinal/attempt/digest`.
    public var id: TaskID
    /// The workload's name, which is that of the definition.
    public var name: WorkloadName
    /// Which replica: from 0 to 9,999.
    public var ordinal: Int
    /// Which task of its slot; only the slot's ``SlotStatus/next`` is accepted.
    public var attempt: Int
    /// Over the fields of the definition whose change replaces the task.
    public var specDigest: Digest
    /// Over the fields of the definition that change in place.
    public var settingsDigest: Digest
    /// The manifest file that it came from, relative to the source's root.
    public var source: String?
    /// What the task is; files bring their content.
    public var definition: TaskDefinition
    /// The declared digest that a rollout gave up, in whose place this task is; kept in the slot's record.
    public var rejects: Digest?
    /// The workloads of the same owner that it depends on; with each placement it is told where they are served then.
    public var dependencies: [WorkloadName]

    enum CodingKeys: String, CodingKey {
        case id, name, ordinal, attempt, source, definition, rejects
        case dependencies = "depends_on"
        case specDigest = "spec_digest"
        case settingsDigest = "settings_digest"
    }

    public init(
        id: TaskID, name: WorkloadName, ordinal: Int, attempt: Int, specDigest: Digest, settingsDigest: Digest,
        source: String? = nil, definition: TaskDefinition, rejects: Digest? = nil, dependencies: [WorkloadName] = []
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
    }
}

/// `POST /tasks/{id}/adopt`: the task is another owner's from then on, and what runs is not touched.
///
/// - Since: 0.1
public struct AdoptRequest: Codable, Hashable, Sendable {
    /// Who gets it.
    public var owner: OwnerName
    /// How many tasks of the name that owner may have after this.
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

/// `POST /tasks`.
///
/// - Since: 0.1
public struct ScheduleRequest: Codable, Hashable, Sendable {
    /// Whose task it is.
    public var owner: OwnerName
    /// The owner's lease; 0 for the owner `manual`.
    public var fence: Int
    /// The pass of the reconciler that decided it.
    public var pass: Int
    /// How many tasks of the name may live after this.
    public var maxLive: Int
    /// The task itself.
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

/// `POST /tasks/batch`: at most ``maximum`` operations, answered one by one in their order.
///
/// - Since: 0.1
public struct BatchRequest: Codable, Hashable, Sendable {
    /// How many operations a batch may have.
    public static let maximum = 1000

    /// Whose tasks they are about.
    public var owner: OwnerName
    /// The fence of the owner's lease; 0 for the owner `manual`.
    public var fence: Int
    /// The pass of the reconciler that decided it; the manager refuses one below the highest that it saw.
    public var pass: Int
    /// Carried out in this order, each for itself.
    public var operations: [BatchOperation]

    public init(owner: OwnerName, fence: Int = 0, pass: Int = 0, operations: [BatchOperation]) {
        self.owner = owner
        self.fence = fence
        self.pass = pass
        self.operations = operations
    }
}

/// One operation of a batch; on the wire an object with one of the keys `definition`, `schedule`, `update`, `stop`.
///
/// - Since: 0.1
public enum BatchOperation: Hashable, Sendable {
    /// Accepts a new task by its definition alone, beside those of its name that live; only for the owner `manual`. One whose
    /// `id` is known is answered as it is.
    case definition(TaskDefinition)
    /// Accepts a new task, where no more than so many of its name live after that.
    case schedule(TaskProposal, maxLive: Int)
    /// Changes the settings of a task in place.
    case update(SettingsUpdate)
    /// Stops a task, or sees to it that it never starts.
    case stop(StopRequest)
}

/// New settings for a task, in place; refused when the task's settings are not those of `from`.
///
/// - Since: 0.1
public struct SettingsUpdate: Codable, Hashable, Sendable {
    /// The task's id.
    public var id: TaskID
    /// The settings digest that the task has now.
    public var from: Digest
    /// The settings digest that it gets.
    public var to: Digest
    /// The manifest file that it came from, relative to the source's root.
    public var source: String?
    /// The definition with its new settings; all else is as the task has it.
    public var definition: TaskDefinition

    public init(id: TaskID, from: Digest, to: Digest, source: String? = nil, definition: TaskDefinition) {
        self.id = id
        self.from = from
        self.to = to
        self.source = source
        self.definition = definition
    }
}

/// `PUT /tasks/{id}/settings` of the manager: one ``SettingsUpdate``, under the owner's lease.
///
/// - Since: 0.1
public struct UpdateRequest: Codable, Hashable, Sendable {
    /// Whose task it is.
    public var owner: OwnerName
    /// The fence of the owner's lease; 0 for the owner `manual`.
    public var fence: Int
    /// The pass of the reconciler that decided it; the manager refuses one below the highest that it saw.
    public var pass: Int
    /// The change itself.
    public var update: SettingsUpdate

    public init(owner: OwnerName, fence: Int = 0, pass: Int = 0, update: SettingsUpdate) {
        self.owner = owner
        self.fence = fence
        self.pass = pass
        self.update = update
    }
}

/// A stop with its slot and attempt, so that one that overtakes its schedule still counts.
///
/// - Since: 0.1
public struct StopRequest: Codable, Hashable, Sendable {
    /// The task's id.
    public var id: TaskID
    /// The workload's name.
    public var name: WorkloadName
    /// Which replica: from 0 to 9,999.
    public var ordinal: Int
    /// Which task of its slot.
    public var attempt: Int
    /// The declared digest that a rollout gave up by this stop; kept in the slot's record.
    public var rejects: Digest?

    public init(id: TaskID, name: WorkloadName, ordinal: Int, attempt: Int, rejects: Digest? = nil) {
        self.id = id
        self.name = name
        self.ordinal = ordinal
        self.attempt = attempt
        self.rejects = rejects
    }

    /// The stop of a task that the manager answered.
    public init(_ task: TaskStatus) {
        self.init(id: task.id, name: task.name, ordinal: task.ordinal, attempt: task.attempt)
    }
}

extension BatchOperation: Codable {
    enum CodingKeys: String, CodingKey { case definition, schedule, update, stop }

    /// A proposal and the bound that goes with it.
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
        // One of two would be carried out, and nobody would be told of the other one.
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
