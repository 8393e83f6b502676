import CubeSystem
import ServiceLifecycle

/// Work that is repeated until shutdown, each time with the result of the last time.
struct RepeatedWork<State: Sendable>: Service {
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let work: @Sendable (State?) async -> State?

    /// - Parameter work: Receives `nil` the first time.
    init(
        every interval: Duration, clock: any Clock<Duration> = BootClock.timer,
        _ work: @escaping @Sendable (State?) async -> State?
    ) {
        self.interval = interval
        self.clock = clock
        self.work = work
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var state: State?
            while !Task.isCancelled {
                state = await work(state)
                // Cancelled at shutdown.
                try? await clock.sleep(for: interval)
            }
        }
    }
}
