public import CubeErrors

/// The response to a batch: the revision of the batch, and a result for each operation, in the same order.
///
/// - Since: 0.1
public struct BatchAnswer: Codable, Hashable, Sendable {
    /// The revision at which the whole batch is recorded.
    public var revision: Int
    /// One result for each operation, in the same order.
    public var results: [BatchResult]
    /// The owner's changes after the position in the request, including those of the batch; `nil` if the request contains no
    /// position, or if the manager no longer knows these changes.
    public var changes: TaskChanges?

    public init(revision: Int, results: [BatchResult], changes: TaskChanges? = nil) {
        self.revision = revision
        self.results = results
        self.changes = changes
    }
}

extension BatchAnswer {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        revision = try container.decode(Int.self, forKey: .revision)
        results = try container.decode([BatchResult].self, forKey: .results)
        changes = try container.readIfPresent(TaskChanges.self, forKey: .changes)
    }
}

/// The result of one operation of a batch: the current status of the task, or the error.
///
/// - Since: 0.1
public struct BatchResult: Codable, Hashable, Sendable {
    /// The HTTP status that the same operation has as a single request: 201, 200, 202, 409, …
    public var status: Int
    /// The current status of the task; `nil` if the operation failed.
    public var task: TaskStatus?
    /// The reason for the failure; `nil` if the operation succeeded.
    public var error: APIError?

    // No decoder skips an unreadable value: a result without its error would look like a success.
    enum CodingKeys: String, CodingKey { case status, task, error }

    public init(status: Int, task: TaskStatus) {
        self.status = status
        self.task = task
    }

    public init(error: APIError) {
        status = error.code
        self.error = error
    }
}
