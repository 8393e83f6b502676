/// Wakes those who wait for a change. It belongs to one actor.
struct Bell {
    private var waiting: [Int: AsyncStream<Void>.Continuation] = [:]
    private var next = 0

    /// The place of one who waits; to be given back.
    struct Ticket: Sendable {
        fileprivate let number: Int
        fileprivate let rings: AsyncStream<Void>

        /// Returns when the bell rings, the time is over or the task is cancelled.
        func wait(upTo limit: Duration, on clock: any Clock<Duration>) async {
            await withTaskGroup { group in
                group.addTask { for await _ in rings {} }
                // Cancelled when the bell rang first.
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
