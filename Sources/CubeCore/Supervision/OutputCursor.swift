/// How far the output of a container was copied into the log of its task. It is written now and then, so the log may hold more.
package struct OutputCursor: Codable, Hashable, Sendable {
    /// The name of the container.
    package let container: String
    /// The time stamp of the last frame, in nanoseconds since 1970; 0 if there is none.
    package fileprivate(set) var time: Int64 = 0
    /// The number of frames with this time stamp.
    fileprivate var frames = 0
    /// The file of the log, and the offset in it, up to which the output was copied.
    package fileprivate(set) var number: Int
    package fileprivate(set) var offset: Int64
    /// Whether the container has ended and all of its output was copied.
    package var isComplete = false

    /// Creates the cursor of a container whose output begins at a place in the log.
    package init(container: String, number: Int, offset: Int64) {
        self.container = container
        self.number = number
        self.offset = offset
    }
}

/// A reading of a container's output that continues where an earlier one stopped, possibly because the worker was killed.
///
/// The frames that the cursor counts are known by their time stamps. What the log holds beyond the cursor was copied after it was
/// written, so as many bytes of the stream are in the log already.
package struct OutputReading: Sendable {
    package private(set) var cursor: OutputCursor
    /// The time stamp up to which the cursor counted when the reading began, and the number of its frames that are still to come.
    private let resumed: Int64
    private var repeated: Int
    /// The number of bytes of the stream that are in the log beyond the cursor.
    private var copied: Int

    /// - Parameter copied: how many bytes the log holds beyond the cursor.
    package init(after cursor: OutputCursor, copied: Int) {
        self.cursor = cursor
        self.copied = copied
        resumed = cursor.time
        repeated = cursor.frames
    }

    /// Whether the stream has reached the end of the log. Before that, the cursor must not be written.
    package var hasCaughtUp: Bool { copied == 0 }

    /// Returns the part of a frame that the log lacks.
    ///
    /// - Parameter time: the time stamp of the frame, in nanoseconds since 1970; `nil` for the rest of a frame that was split.
    package mutating func take(_ text: ArraySlice<UInt8>, at time: Int64?) -> ArraySlice<UInt8> {
        let time = time ?? cursor.time
        // 1. Did the log have this frame when the cursor was written?
        if time < resumed { return [] }
        if time == resumed, repeated > 0 {
            repeated -= 1
            return []
        }
        cursor.frames = time == cursor.time ? cursor.frames + 1 : 1
        cursor.time = time
        // 2. How much of it was copied after that?
        let known = min(copied, text.count)
        copied -= known
        return text.dropFirst(known)
    }

    /// Notes where the log ends after the last frame.
    package mutating func reached(number: Int, offset: Int64) {
        cursor.number = number
        cursor.offset = offset
    }

    /// Notes that the container has ended and that the stream held the rest of its output.
    package mutating func complete() { cursor.isComplete = true }
}
