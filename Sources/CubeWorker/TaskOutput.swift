import CubeTypes

/// The output of a task as a sequence: from its beginning or its last lines and, on request, for as long as the task runs.
struct TaskOutput: AsyncSequence, Sendable {
    let log: TaskLog
    let selection: LogSelection
    let clock: any Clock<Duration>
    /// Whether the task has ended and writes no more output.
    let hasEnded: @Sendable () async -> Bool

    /// The pause between two polls at the end of the output. Polling avoids one inotify instance per reader, of which a
    /// user has only 128.
    private static let pause = Duration.milliseconds(100)

    func makeAsyncIterator() -> Iterator { Iterator(output: self, reader: TaskLogReader(log)) }

    struct Iterator: AsyncIteratorProtocol {
        let output: TaskOutput
        let reader: TaskLogReader
        private var isPlaced = false
        private var stamper: LogStamper
        /// Without `follow`, reading stops at the end of the output as of the start: the output of a busy task might
        /// never end.
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
