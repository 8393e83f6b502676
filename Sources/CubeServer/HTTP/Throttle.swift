import Synchronization

/// Limits how often something is done, such as writing a log entry that anybody can cause.
final class Throttle: Sendable {
    private let pause: Duration
    private let elapsed: @Sendable () -> Duration
    private let last = Mutex<Duration?>(nil)

    /// - Parameter pause: The minimum time between two occasions.
    init(pause: Duration = .seconds(10), clock: some Clock<Duration>) {
        self.pause = pause
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
    }

    /// Whether it may be done now. If so, this counts as an occasion.
    func isDue() -> Bool {
        last.withLock { last in
            let now = elapsed()
            guard last.map({ now - $0 >= pause }) ?? true else { return false }
            last = now
            return true
        }
    }
}
