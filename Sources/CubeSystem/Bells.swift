/// The listeners that wait for changes, by topic. One actor owns this value.
package struct Bells<Topic: Hashable & Sendable> {
    /// A listener that is registered from ``listen(to:)`` until ``leave(_:)``.
    package struct Listener: Sendable {
        package let bell: Bell
        fileprivate let topic: Topic
        fileprivate let number: Int
    }

    private var bells: [Topic: [Int: Bell]] = [:]
    private var last = 0
    private var isClosed = false

    package init() {}

    /// The topics that have listeners, in no order.
    package var topics: some Collection<Topic> { bells.keys }

    /// Returns a listener. From now on, its bell rings at each change of the topic, and is closed when no more changes will come.
    package mutating func listen(to topic: Topic) -> Listener {
        let bell = Bell()
        if isClosed { bell.close() }
        last += 1
        bells[topic, default: [:]][last] = bell
        return Listener(bell: bell, topic: topic, number: last)
    }

    package mutating func leave(_ listener: Listener) {
        bells[listener.topic]?.removeValue(forKey: listener.number)?.close()
        if bells[listener.topic]?.isEmpty == true { bells[listener.topic] = nil }
    }

    package func ring(_ topic: Topic) {
        for bell in (bells[topic] ?? [:]).values { bell.ring() }
    }

    package func ringAll() {
        for bell in bells.values.flatMap(\.values) { bell.ring() }
    }

    /// Ends all waiting, including any that begins later.
    package mutating func close() {
        isClosed = true
        for bell in bells.values.flatMap(\.values) { bell.close() }
    }
}
