/// A task in few words: a row of a table, or of a status file.
public struct TaskSummary: Codable, Hashable, Sendable, Identifiable {
    public var id: TaskID
    public var ordinal: Int
    public var attempt: Int
    public var state: TaskState
    public var ready: Bool
    public var node: NodeName?
    public var restarts: Int
    public var exit: TaskResult?
    public var specDigest: Digest?
    public var createdAt: Timestamp?
    /// Where its ports are reached, while it has a node.
    public var endpoints: [TaskEndpoint]

    enum CodingKeys: String, CodingKey {
        case id, ordinal, attempt, state, ready, node, restarts, exit, endpoints
        case specDigest = "spec_digest"
        case createdAt = "created_at"
    }

    public init(_ task: TaskStatus) {
        id = task.id
        ordinal = task.ordinal
        attempt = task.attempt
        state = task.state
        ready = task.ready
        node = task.node
        restarts = task.restarts
        exit = task.exit
        specDigest = task.specDigest
        createdAt = task.createdAt
        endpoints = task.endpoints
    }
}
