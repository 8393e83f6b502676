import Synchronization

/// Wakes one loop, which then checks everything again. If the bell rings several times before the loop listens again, the loop
/// wakes once.
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

    /// Returns whether the bell was rung since it was last heard, and marks the ring as heard.
    package func hear() -> Bool {
        state.withLock { state in
            defer { state.isRung = false }
            return state.isRung
        }
    }

    /// Waits for a ring. Returns at once if the bell was already rung or is closed, or if the waiting task is cancelled.
    ///
    /// - Returns: Whether the bell was rung.
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
        // `within` throws if this task is cancelled, which ends the wait like a ring.
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

/// Yields an element for each wake. The sequence ends when the bell is closed or the task is cancelled.
extension Bell: AsyncSequence {
    package struct Iterator: AsyncIteratorProtocol, Sendable {
        fileprivate let bell: Bell

        package func next() async -> Void? { await bell.wait() ? () : nil }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(bell: self) }
}
