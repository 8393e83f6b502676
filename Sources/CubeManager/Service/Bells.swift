import CubeTypes

/// Those that wait for something to be committed, by what they wait for.
struct Bells {
    enum Topic: Hashable {
        case owner(OwnerName)
        case events
        /// A node's worker may have to be told something.
        case node(NodeName)
        /// A node came or went, or has a new address.
        case fleet
    }

    private var listeners: [Topic: [Int: AsyncStream<Void>.Continuation]] = [:]
    private var last = 0
    private var isClosed = false

    /// Rings at least once after something happened, and ends when there is nothing more to wait for.
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

    /// Ends all waiting, also that which begins later.
    mutating func close() {
        isClosed = true
        for listener in listeners.values.flatMap(\.values) { listener.finish() }
    }
}
