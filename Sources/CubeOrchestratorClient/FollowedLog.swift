import CubeErrors
import CubeManagerClient
import CubeTransport
import CubeTypes

/// The output of a task through all its places.
struct FollowedLog: AsyncSequence, Sendable {
    typealias Element = [UInt8]
    typealias Failure = any Error

    let client: OrchestratorClient
    let task: TaskID
    let selection: LogSelection

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(client: client, id: task, selection: selection) }

    struct AsyncIterator: AsyncIteratorProtocol {
        /// How long to wait for a change of a task after the end of its output, and before a broken output is opened again.
        private static let pause: Duration = .seconds(1)

        private let client: OrchestratorClient
        private let id: TaskID
        /// For what is opened next.
        private var selection: LogSelection
        private var stream: ByteStream.AsyncIterator?
        /// The task as it was when the stream was opened.
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
                    guard try await isToGoOn() else { return nil }
                } catch let error as APIError where selection.follow && error.isUnserved {
                    stream = nil
                    try await client.clock.sleep(for: Self.pause)
                }
            }
        }

        /// Opens the output of the place where the task is, once it has one.
        ///
        /// - Returns: whether there is one.
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
            // Only now: whoever could not open it looks anew at where the task is.
            (self.place, selection.tail) = (place, tail)
            return true
        }

        /// After the end of a stream: waits until the task is another one, but not for long, as a stream ends with its server too.
        ///
        /// - Returns: whether there may be more: what was opened before the task ended may have ended before it.
        private func isToGoOn() async throws -> Bool {
            guard selection.follow, let last = task, !last.state.hasEnded else { return false }
            do {
                return try await client.within(Self.pause) { [client] in
                    try await client.observing(last) { $0.revision > last.revision ? true : nil }
                }
            } catch is Overdue {
                return true
            }
        }
    }
}

/// How far the output of a place was read, so that nothing comes twice when it is opened again.
struct LogPlace: Hashable, Sendable {
    /// Up to how many bytes it is certain that a worker still has the beginning, which it removes beyond some 30 MiB.
    static let limit = 8 << 20

    private var placement = 0
    /// How many bytes of it came; `nil` where it was not read from its beginning, or that may be gone.
    private var count: Int?
    private var skip = 0
    private var isOpenedAgain = false

    /// The output of a placement is opened, perhaps again.
    ///
    /// - Parameter isWhole: whether it is read from its beginning.
    /// - Returns: whether it is another placement than before, of which everything is wanted.
    mutating func open(_ placement: Int, isWhole: Bool) -> Bool {
        isOpenedAgain = placement == self.placement
        if isOpenedAgain {
            // Whoever skips bytes that are not there any more skips as many that are new.
            if let known = count, known > Self.limit { count = nil }
            skip = count ?? 0
            return false
        }
        let isFirst = self.placement == 0
        self.placement = placement
        count = isWhole || !isFirst ? 0 : nil
        skip = 0
        return !isFirst
    }

    /// How many lines of it to ask for, where that is no longer as the caller said: nothing of what there is, where it is not
    /// known how much of that came already.
    var tail: Int? { isOpenedAgain && count == nil ? 0 : nil }

    /// What of these bytes did not come before; `nil` for nothing.
    mutating func take(_ bytes: [UInt8]) -> [UInt8]? {
        let old = min(skip, bytes.count)
        skip -= old
        guard old < bytes.count else { return nil }
        if let known = count { count = known + bytes.count - old }
        return old == 0 ? bytes : Array(bytes[old...])
    }
}
