import CubeTypes

/// The output of a task as it is read: from its last lines or its beginning on, and while it runs if asked to.
struct TaskOutput: AsyncSequence, Sendable {
    let log: TaskLog
    let selection: LogSelection
    let clock: any Clock<Duration>
    /// Whether the task writes no more.
    let hasEnded: @Sendable () async -> Bool

    /// How long the end of the output is left alone. An inotify instance for each reader would be a scarcer thing: a user
    /// has 128 of them.
    private static let pause = Duration.milliseconds(100)

    func makeAsyncIterator() -> Iterator { Iterator(output: self, reader: TaskLogReader(log)) }

    struct Iterator: AsyncIteratorProtocol {
        let output: TaskOutput
        let reader: TaskLogReader
        private var isPlaced = false
        private var stamper: LogStamper
        /// Without following, what is written from now on is not waited for: a busy task would never let go.
        private var limit: (number: Int, offset: Int64)?

        init(output: TaskOutput, reader: TaskLogReader) {
            self.output = output
            self.reader = reader
            stamper = LogStamper(output.log)
        }

        mutating func next() async throws -> [UInt8]? {
            if !isPlaced {
                isPlaced = true
                if !output.selection.follow { limit = try reader.end() }
                if let tail = output.selection.tail { try reader.seek(lines: tail) }
                if let since = output.selection.since { try reader.seek(since: since.milliseconds) }
            }
            while true {
                let isOver = if output.selection.follow { await output.hasEnded() } else { true }
                if let bytes = try reader.read(upTo: limit) {
                    guard output.selection.timestamps else { return bytes }
                    return stamper.stamped(bytes, from: reader.place) { Timestamp(milliseconds: $0).description }
                }
                if isOver { return nil }
                try await output.clock.sleep(for: TaskOutput.pause)
            }
        }
    }
}
