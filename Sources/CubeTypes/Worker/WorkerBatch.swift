public import CubeErrors

/// The body of a worker's `POST /tasks/batch`: at most ``maximum`` operations of a manager. Each has its own result, in the same order.
///
/// - Since: 0.1
public struct WorkerBatch: Codable, Hashable, Sendable {
    /// The maximum number of operations in a batch.
    public static let maximum = 32

    /// The cluster of the manager; a worker rejects a cluster other than its own.
    public var cluster: ClusterID
    /// The term of the manager's incarnation; a worker rejects a term lower than the highest that it has seen.
    public var term: Int
    /// The operations, each about another task, so that their order does not matter.
    public var operations: [WorkerOperation]

    public init(cluster: ClusterID, term: Int, operations: [WorkerOperation]) {
        self.cluster = cluster
        self.term = term
        self.operations = operations
    }
}

/// An operation of a batch for a worker. On the wire, it is an object with one of the keys `assign`, `update` and `stop`.
///
/// - Since: 0.1
public enum WorkerOperation: Hashable, Sendable {
    /// Assigns a placement.
    case assign(TaskAssignment)
    /// Changes the settings of a placement of a task in place.
    case update(TaskID, TaskSettings)
    /// Stops a placement of a task. An unknown placement will never start.
    case stop(TaskID, placement: Int)

    /// The id of the task.
    public var id: TaskID {
        switch self {
        case .assign(let assignment): assignment.id
        case .update(let id, _), .stop(let id, _): id
        }
    }
}

/// The response to a batch: a result for each operation, in the same order.
///
/// - Since: 0.1
public struct WorkerBatchAnswer: Codable, Hashable, Sendable {
    /// One result for each operation, in the same order.
    public var results: [WorkerResult]

    public init(results: [WorkerResult]) { self.results = results }
}

/// The result of one operation of a batch for a worker: the task as the worker reports it, or the error.
///
/// - Since: 0.1
public struct WorkerResult: Codable, Hashable, Sendable {
    /// The HTTP status that the same operation has as a single request: 201, 200, 202, 409, …
    public var status: Int
    /// The task after the operation; `nil` if the operation failed.
    public var task: WorkerTask?
    /// The reason for the failure; `nil` if the operation succeeded.
    public var error: APIError?

    // No decoder skips an unreadable value: a result without its error would look like a success.
    enum CodingKeys: String, CodingKey { case status, task, error }

    public init(status: Int, task: WorkerTask) {
        self.status = status
        self.task = task
    }

    public init(error: APIError) {
        status = error.code
        self.error = error
    }
}

extension WorkerOperation: Codable {
    enum CodingKeys: String, CodingKey { case assign, update, stop }

    /// The value of the key `update`.
    private struct Update: Codable {
        var id: TaskID
        var settings: TaskSettings
    }

    /// The value of the key `stop`.
    private struct Stop: Codable {
        var id: TaskID
        var placement: Int
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func problem(_ text: String) -> DecodingError {
            .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: text))
        }
        // With two keys, one operation would be carried out and the other would be dropped silently.
        guard try container.allKeys.filter({ try !container.decodeNil(forKey: $0) }).count <= 1 else {
            throw problem("must be only one of assign, update, stop")
        }
        if let assignment = try container.decodeIfPresent(TaskAssignment.self, forKey: .assign) {
            self = .assign(assignment)
        } else if let update = try container.decodeIfPresent(Update.self, forKey: .update) {
            self = .update(update.id, update.settings)
        } else if let stop = try container.decodeIfPresent(Stop.self, forKey: .stop) {
            self = .stop(stop.id, placement: stop.placement)
        } else {
            throw problem("must be one of assign, update, stop")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .assign(let assignment): try container.encode(assignment, forKey: .assign)
        case .update(let id, let settings): try container.encode(Update(id: id, settings: settings), forKey: .update)
        case .stop(let id, let placement): try container.encode(Stop(id: id, placement: placement), forKey: .stop)
        }
    }
}
