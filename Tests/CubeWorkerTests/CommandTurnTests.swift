import CubeTesting
import Synchronization
import Testing

@testable import CubeWorker

/// The limit of starts and check commands that run at the same time.
struct CommandTurnTests {
    /// Operations that run until they are let go.
    private final class Operations: Sendable {
        private struct State {
            var running = 0
            var waiting: [CheckedContinuation<Void, Never>] = []
        }

        private let state = Mutex(State())
        var running: Int { state.withLock { $0.running } }

        func run() async {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    state.running += 1
                    state.waiting.append(continuation)
                }
            }
        }

        /// Lets all running operations end.
        func release() {
            let waiting = state.withLock { state in
                defer { state = State() }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `Few checks run beside a start, and no start waits for checks`() async throws {
        let turns = CommandTurns()
        let (starts, checks) = (Operations(), Operations())
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await turns.pass(.start) { await starts.run() } }
            try await eventually { starts.running == 1 }
            for _ in 0..<40 { group.addTask { await turns.pass(.check) { await checks.run() } } }
            try await eventually { checks.running == 2 }
            checks.release()
            try await eventually { checks.running == 2 }

            for _ in 0..<20 { group.addTask { await turns.pass(.start) { await starts.run() } } }
            try await eventually { starts.running == 16 }
            #expect(checks.running == 2)
            starts.release()
            try await eventually { starts.running == 5 }
            #expect(checks.running == 2)
            starts.release()
            try await eventually { checks.running == 16 }
            // 2 have ended, and 16 run.
            checks.release()
            try await eventually { checks.running == 16 }
            checks.release()
            try await eventually { checks.running == 6 }
            checks.release()
        }
    }
}
