import CubeErrors
import CubeManagerClient
import CubeTransport
import CubeTypes

/// The output of a task across all its placements.
struct FollowedLog: AsyncSequence, Sendable {
    typealias Element = [UInt8]
    typealias Failure = any Error

    let client: OrchestratorClient
    let task: TaskID
    let selection: LogSelection

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(client: client, id: task, selection: selection) }

    struct AsyncIterator: AsyncIteratorProtocol {
        /// How long to wait for a change of the task after the end of its output, and before reopening a broken stream.
        private static let pause: Duration = .seconds(1)

        private let client: OrchestratorClient
        private let id: TaskID
        /// The part of the output to request from the next stream.
        private var selection: LogSelection
        private var stream: ByteStream.AsyncIterator?
        /// The task when the stream was opened.
        private var task: TaskStatus?
        private var place = LogPlace()

        init(client: OrchestratorClient, id: TaskID, selection: LogSelection) {
            self.client = client
            self.id = id
            self.selection = selection
        }

        mutating func next() async throws -> [UInt8]? {
            while true {
                do {
                    if stream == nil, try await !open() { return nil }
                    if let bytes = try await stream?.next() {
                        if let news = place.take(bytes) { return news }
                        continue
                    }
                    stream = nil
                    guard try await mayHaveMore() else { return nil }
                } catch let error as APIError where selection.follow && error.isUnserved {
                    stream = nil
                    try await client.clock.sleep(for: Self.pause)
                }
            }
        }

        /// Opens the output of the task's current placement. With `follow`, it waits until the task has a placement.
        ///
        /// - Returns: whether the task has a placement.
        private mutating func open() async throws -> Bool {
            let (client, id) = (client, id)
            var task = try await client.manager.task(id)
            if task.node == nil, selection.follow {
                task = try await client.observing(task) { $0.node != nil || $0.state.hasEnded ? $0 : nil }
            }
            guard task.node != nil else { return false }
            self.task = task
            var (place, part) = (self.place, selection)
            if place.open(task.placement, isWhole: selection.tail == nil) { part.tail = nil }
            let tail = part.tail
            part.tail = place.tail ?? tail
            part.follow = selection.follow && !task.state.hasEnded
            stream = try await client.manager.logs(of: id, selecting: part).makeAsyncIterator()
            // Assigned only now: after a failed attempt, the next one must compare the task's placement again.
            (self.place, selection.tail) = (place, tail)
            return true
        }

        /// Waits briefly for a change of the task after the end of a stream, because a stream also ends when its server stops.
        ///
        /// - Returns: whether there may be more output: a stream that was opened before the task ended may miss the task's last output.
        private func mayHaveMore() async throws -> Bool {
            guard selection.follow, let last = task, !last.state.hasEnded else { return false }
            do {
                return try await client.within(Self.pause) { [client] in
                    try await client.observing(last) { $0.revision > last.revision ? true : nil }
                }
            } catch is DeadlineExceeded {
                return true
            }
        }
    }
}

/// How far the output of a placement has been read, so that nothing is repeated when the output is opened again.
struct LogPlace: Hashable, Sendable {
    /// The number of bytes up to which a worker certainly still has the beginning of the output. It discards the beginning after about
    /// 30 MiB.
    static let limit = 8 << 20

    private var placement = 0
    /// The number of bytes read from the beginning of the output; `nil` if reading did not start there, or if the worker may have
    /// discarded the beginning.
    private var count: Int?
    private var skip = 0
    private var isOpenedAgain = false
    /// Whether the last byte that was read is within a line.
    private var isWithinLine = false
    /// Whether the next bytes are the first of another placement, and do not continue the line of the former one.
    private var beginsLine = false

    /// Prepares for opening the output of a placement, possibly again.
    ///
    /// - Parameter isWhole: whether the output is read from its beginning.
    /// - Returns: whether this is a later placement, whose output is read completely.
    mutating func open(_ placement: Int, isWhole: Bool) -> Bool {
        isOpenedAgain = placement == self.placement
        if isOpenedAgain {
            // If the worker has discarded bytes at the beginning, skipping them would skip as many new bytes.
            if let known = count, known > Self.limit { count = nil }
            skip = count ?? 0
            return false
        }
        let isFirst = self.placement == 0
        self.placement = placement
        count = isWhole || !isFirst ? 0 : nil
        skip = 0
        beginsLine = isWithinLine
        return !isFirst
    }

    /// The tail to request instead of the caller's: 0 if it is unknown how much of the existing output has been read.
    var tail: Int? { isOpenedAgain && count == nil ? 0 : nil }

    /// Returns the bytes that have not been read before; `nil` if there are none. A line feed is put between placements if the former
    /// one ended within a line.
    mutating func take(_ bytes: [UInt8]) -> [UInt8]? {
        let old = min(skip, bytes.count)
        skip -= old
        guard old < bytes.count else { return nil }
        if let known = count { count = known + bytes.count - old }
        let feed = UInt8(ascii: "\n")
        isWithinLine = bytes.last != feed
        if beginsLine {
            beginsLine = false
            return [feed] + bytes[old...]
        }
        return old == 0 ? bytes : Array(bytes[old...])
    }
}
