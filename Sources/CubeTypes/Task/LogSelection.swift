/// The part of a task's output to return, and its format.
///
/// - Since: 0.1
public struct LogSelection: Hashable, Sendable {
    /// The number of lines to return from the end of the existing output; `nil` for all lines.
    public var tail: Int?
    /// Returns only output that was written at or after this time, by the clock of the task's node. Output whose time is unknown is
    /// included.
    public var since: Timestamp?
    /// Whether to continue with new output until the task ends.
    public var follow: Bool
    /// Whether to begin each line with the time at which it was written, in RFC 3339, and a space. An unknown time is shown as `-`.
    public var timestamps: Bool

    /// Selects a part of the output; by default, all of the existing output.
    public init(tail: Int? = nil, since: Timestamp? = nil, follow: Bool = false, timestamps: Bool = false) {
        self.tail = tail
        self.since = since
        self.follow = follow
        self.timestamps = timestamps
    }
}
