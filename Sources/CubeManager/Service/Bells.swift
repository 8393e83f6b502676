import CubeTypes

/// The listeners that wait for a commit, by topic.
struct Bells {
    enum Topic: Hashable {
        case owner(OwnerName)
        case events
        /// The dispatcher of a node may have calls to make.
        case node(NodeName)
        /// A node registered, changed its address or was removed.
        case fleet
    }

    private var listeners: [Topic: [Int: AsyncStream<Void>.Continuation]] = [:]
    private var last = 0
    private var isClosed = false

    /// Returns a stream that yields at least once after each event of the topic, and finishes when the manager ends.
    mutating func listen(to topic: Topic) -> (listener: Int, bell: AsyncStream<Void>) {
        let (bell, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        if isClosed { continuation.finish() }
        last += 1
        listeners[topic, default: [:]][last] = continuation
        return (last, bell)
    }

    mutating func leave(_ topic: Topic, _ listener: Int) {
        listeners[topic]?.removeValue(forKey: listener)?.finish()
        if listeners[topic]?.isEmpty == true { listeners[topic] = nil }
    }

    func ring(_ topic: Topic) {
        for listener in (listeners[topic] ?? [:]).values { listener.yield() }
    }

    func ringAll() {
        for listener in listeners.values.flatMap(\.values) { listener.yield() }
    }

    /// Finishes all streams, including those that are created later.
    mutating func close() {
        isClosed = true
        for listener in listeners.values.flatMap(\.values) { listener.finish() }
    }
}
