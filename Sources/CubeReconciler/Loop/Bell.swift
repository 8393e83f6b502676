import Synchronization

/// Wakes one loop. However often it is rung before the loop listens again, it wakes once.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var listener: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        let listener = state.withLock { state in
            state.isRung = true
            defer { state.listener = nil }
            return state.listener
        }
        listener?.resume()
    }

    /// Whether it was rung since it was heard last; it then counts as heard.
    func hear() -> Bool {
        state.withLock { state in
            defer { state.isRung = false }
            return state.isRung
        }
    }

    /// Waits for a ring. It returns at once where it was rung before, or when its task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.isRung || Task.isCancelled { return true }
                    state.listener = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let listener = state.withLock { state in
                defer { state.listener = nil }
                return state.listener
            }
            listener?.resume()
        }
        _ = hear()
    }

    /// Waits for a ring, but no longer than `limit`.
    func wait(atMost limit: Duration?, on clock: any Clock<Duration>) async {
        guard let limit else { return await wait() }
        guard limit > .zero else {
            _ = hear()
            return
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try? await clock.sleep(for: limit) }  // It throws when the bell was faster.
            await group.next()
            group.cancelAll()
        }
    }
}
