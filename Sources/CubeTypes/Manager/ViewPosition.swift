/// The position of a view of an owner's tasks. The view contains all changes up to this position, and none after it.
///
/// - Since: 0.1
public struct ViewPosition: Codable, Hashable, Sendable {
    /// The term of the manager's incarnation. Revisions of different terms are not comparable.
    public var term: Int
    /// The revision that the view shows.
    public var revision: Int

    public init(term: Int, revision: Int) {
        self.term = term
        self.revision = revision
    }
}
