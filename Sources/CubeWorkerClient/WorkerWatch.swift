import CubeTypes

/// The task lists of a worker; each request continues from the previous list.
struct WorkerWatch: AsyncSequence, Sendable {
    typealias Element = WorkerTaskList
    typealias Failure = any Error

    let last: WorkerTaskList?
    let ask: @Sendable (WorkerTaskList?) async throws -> WorkerTaskList

    struct AsyncIterator: AsyncIteratorProtocol {
        var last: WorkerTaskList?
        let ask: @Sendable (WorkerTaskList?) async throws -> WorkerTaskList

        mutating func next() async throws -> WorkerTaskList? {
            let list = try await ask(last)
            last = list
            return list
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(last: last, ask: ask) }
}
