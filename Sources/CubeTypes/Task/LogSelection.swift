/// Which part of a task's output is asked for, and in which form.
///
/// - Since: 0.1
public struct LogSelection: Hashable, Sendable {
    /// Only the last so many lines of what there is; `nil` for all.
    public var tail: Int?
    /// Only what was written from then on, by the clock of the task's node. Output whose time is not known is not left out.
    public var since: Timestamp?
    /// Goes on with what the task writes, until it ends.
    public var follow: Bool
    /// Each line begins with the time at which it was written, as in RFC 3339, or `-` where that is not known, and a space.
    public var timestamps: Bool

    /// All of the output, unless something is said.
    public init(tail: Int? = nil, since: Timestamp? = nil, follow: Bool = false, timestamps: Bool = false) {
        self.tail = tail
        self.since = since
        self.follow = follow
        self.timestamps = timestamps
    }
}
