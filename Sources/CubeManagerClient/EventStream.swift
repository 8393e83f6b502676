import CubeTypes

/// The history from a revision on, as blocking queries bring it: at most one answer is held at a time.
struct EventStream: AsyncSequence, Sendable {
    typealias Element = TaskEvent
    typealias Failure = any Error

    let client: ManagerClient
    let since: Int

    struct AsyncIterator: AsyncIteratorProtocol {
        let client: ManagerClient
        var since: Int
        var pending: ArraySlice<TaskEvent> = []

        mutating func next() async throws -> TaskEvent? {
            while pending.isEmpty {
                let list = try await client.events(since: since, wait: .seconds(30))
                since = list.revision
                pending = list.events[...]
            }
            return pending.removeFirst()
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(client: client, since: since) }
}
