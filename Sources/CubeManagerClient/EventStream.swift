public import CubeTypes

/// The events after a revision, fetched with blocking queries. See ``ManagerClient/events(following:)``.
///
/// - Since: 0.1
public struct EventStream: AsyncSequence, Sendable {
    public typealias Element = TaskEvent
    public typealias Failure = any Error

    let client: ManagerClient
    let since: Int

    public struct AsyncIterator: AsyncIteratorProtocol {
        let client: ManagerClient
        var since: Int
        var pending: ArraySlice<TaskEvent> = []

        public mutating func next() async throws -> TaskEvent? {
            while pending.isEmpty {
                let list = try await client.untilServed { try await client.events(since: since, wait: .seconds(30)) }
                since = list.revision
                pending = list.events[...]
            }
            return pending.removeFirst()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(client: client, since: since) }
}
