public import CubeErrors

/// The answer to a batch: the revision at which it stands, and a result for each operation, in their order.
///
/// - Since: 0.1
public struct BatchAnswer: Codable, Hashable, Sendable {
    /// The revision at which the whole batch stands.
    public var revision: Int
    /// One for each operation, in their order.
    public var results: [BatchResult]

    public init(revision: Int, results: [BatchResult]) {
        self.revision = revision
        self.results = results
    }
}

/// What became of one operation: the task as it is now, or the error.
///
/// - Since: 0.1
public struct BatchResult: Codable, Hashable, Sendable {
    /// As of the same operation alone: 201, 200, 202, 409, …
    public var status: Int
    /// The task as it is now; `nil` where the operation failed.
    public var task: TaskStatus?
    /// Why the operation failed; `nil` where it did not.
    public var error: APIError?

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
