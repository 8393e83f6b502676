import DequeModule

/// Limits how many operations run at the same time. Further operations wait in the order of their arrival.
actor Semaphore {
    private var free: Int
    private var waiting: Deque<CheckedContinuation<Void, Never>> = []

    init(_ limit: Int) { free = limit }

    nonisolated(nonsending) func pass<Value: Sendable>(
        _ body: nonisolated(nonsending) () async throws -> Value
    ) async rethrows -> Value {
        await enter()
        do {
            let value = try await body()
            await leave()
            return value
        } catch {
            await leave()
            throw error
        }
    }

    private func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func leave() {
        if let next = waiting.popFirst() { next.resume() } else { free += 1 }
    }
}
