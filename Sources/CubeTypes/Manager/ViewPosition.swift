/// How far a view of an owner's tasks goes: the changes after it are those that the view lacks.
///
/// - Since: 0.1
public struct ViewPosition: Codable, Hashable, Sendable {
    /// The manager's incarnation, which gives revisions their meaning.
    public var term: Int
    /// The revision that the view is true at.
    public var revision: Int

    public init(term: Int, revision: Int) {
        self.term = term
        self.revision = revision
    }
}
