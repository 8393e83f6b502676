/// What becomes of a task while its node is silent; an open set.
///
/// - Since: 0.1
public struct LostNodePolicy: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The task is also placed on another node. If it still runs on the silent node, that instance is stopped when the node is back.
    public static let replace: LostNodePolicy = "replace"
    /// The task waits until its node is back or forgotten.
    public static let wait: LostNodePolicy = "wait"

    /// Returns the default policy for a kind: a job waits, because it must not run twice.
    public static func standard(for kind: TaskKind) -> LostNodePolicy { kind == .job ? .wait : .replace }
}
