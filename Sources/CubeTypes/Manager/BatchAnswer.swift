public import CubeErrors

/// The answer to a batch: the revision at which it stands, and a result for each operation, in their order.
public struct BatchAnswer: Codable, Hashable, Sendable {
    public var revision: Int
    public var results: [BatchResult]

    public init(revision: Int, results: [BatchResult]) {
        self.revision = revision
        self.results = results
    }
}

/// What became of one operation: the task as it is now, or the error.
public struct BatchResult: Codable, Hashable, Sendable {
    /// As of the same operation alone: 201, 200, 202, 409, …
    public var status: Int
    public var task: TaskStatus?
    public var error: APIError?

    public init(status: Int, task: TaskStatus) {
        self.status = status
        self.task = task
    }

    public init(error: APIError) {
        status = error.code
        self.error = error
    }
}
