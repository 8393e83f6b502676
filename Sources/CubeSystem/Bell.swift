import Synchronization

/// Wakes one loop, which then looks at everything again. However often it is rung before the loop listens again, it wakes once.
package final class Bell: Sendable {
    private struct State {
        var isRung = false
        var isClosed = false
        var listener: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    package func ring() { wake { $0.isRung = true } }

    /// Ends all waiting, including any that begins later.
    package func close() { wake { $0.isClosed = true } }

    /// Whether it was rung since it was last heard; it then counts as heard.
    package func hear() -> Bool {
        state.withLock { state in
            defer { state.isRung = false }
            return state.isRung
        }
    }

    /// Waits for a ring. It returns at once if it was rung before, is closed, or its task is cancelled.
    ///
    /// - Returns: whether it was rung.
    @discardableResult
    package func wait() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.isRung || state.isClosed || Task.isCancelled { return true }
                    state.listener = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            wake { _ in }
        }
        return hear()
    }

    /// Waits for a ring, but no longer than `limit`; `nil` waits without limit.
    package func wait(atMost limit: Duration?, on clock: any Clock<Duration>) async {
        guard let limit else {
            await wait()
            return
        }
        guard limit > .zero else {
            _ = hear()
            return
        }
        // It throws when this task is cancelled, which ends the wait like a ring.
        _ = try? await clock.within(limit) { await self.wait() }
    }

    private func wake(_ change: (inout State) -> Void) {
        let listener = state.withLock { state in
            change(&state)
            defer { state.listener = nil }
            return state.listener
        }
        listener?.resume()
    }
}

/// An element for each wake; the sequence ends when the bell is closed or its task is cancelled.
extension Bell: AsyncSequence {
    package struct Iterator: AsyncIteratorProtocol, Sendable {
        fileprivate let bell: Bell

        package func next() async -> Void? { await bell.wait() ? () : nil }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(bell: self) }
}
