/// Wakes the tasks that wait for a change. A bell belongs to one actor.
struct Bell {
    private var waiting: [Int: AsyncStream<Void>.Continuation] = [:]
    private var next = 0

    /// A registration of one waiter. Return it with ``discard(_:)`` after the wait.
    struct Ticket: Sendable {
        fileprivate let number: Int
        fileprivate let rings: AsyncStream<Void>

        /// Returns when the bell rings, when the limit has passed, or when the task is cancelled.
        func wait(upTo limit: Duration, on clock: any Clock<Duration>) async {
            await withTaskGroup { group in
                group.addTask { for await _ in rings {} }
                // Cancelled if the bell rings first.
                group.addTask { try? await clock.sleep(for: limit) }
                await group.next()
                group.cancelAll()
            }
        }
    }

    mutating func ticket() -> Ticket {
        next += 1
        let (rings, continuation) = AsyncStream.makeStream(of: Void.self)
        waiting[next] = continuation
        return Ticket(number: next, rings: rings)
    }

    var isIdle: Bool { waiting.isEmpty }

    mutating func discard(_ ticket: Ticket) { waiting[ticket.number] = nil }

    mutating func ring() {
        for continuation in waiting.values { continuation.finish() }
        waiting = [:]
    }
}
