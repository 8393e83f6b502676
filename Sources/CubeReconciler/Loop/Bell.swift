import Synchronization

/// Wakes one loop. Several rings before the loop waits again wake it once.
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

    /// Returns whether the bell was rung since the last call, and resets it.
    func hear() -> Bool {
        state.withLock { state in
            defer { state.isRung = false }
            return state.isRung
        }
    }

    /// Waits for a ring. Returns at once if the bell was rung before or the task is cancelled.
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
            group.addTask { try? await clock.sleep(for: limit) }  // It throws if the bell rings first.
            await group.next()
            group.cancelAll()
        }
    }
}
