import CubeCore
import CubeTypes

/// Asks a git source by and by, and whenever somebody says that it has something new, and tells what it saw.
final class GitFeed: ManifestFeed {
    struct Pace: Sendable {
        /// How often the remote is asked, about.
        var poll: Duration = .seconds(60)
        /// However often it is woken, so much lies between two looks.
        var shortest: Duration = .seconds(1)
    }

    private let source: GitSource
    private let pace: Pace
    private let backoff: Backoff
    private let bell: Bell
    private let clock: any Clock<Duration>
    private let random: @Sendable () -> UInt64

    /// - Parameter bell: rung by whoever learned of something new.
    init(
        _ source: GitSource, pace: Pace, bell: Bell, clock: any Clock<Duration>,
        random: @escaping @Sendable () -> UInt64
    ) {
        self.source = source
        self.pace = pace
        self.bell = bell
        self.clock = clock
        self.random = random
        backoff = Backoff(random: random, first: min(.seconds(5), pace.poll), longest: max(pace.poll, .seconds(300)))
    }

    /// One look at a commit is a proof: there is nothing to list again.
    func list(at time: Timestamp?) {}

    func run(into inbox: Inbox) async {
        var failures = 0
        while !Task.isCancelled {
            let look = await source.look()
            failures = look.hasFailed ? failures + 1 : 0
            if let snapshot = look.snapshot { inbox.put(snapshot) }
            await source.tidy()
            do { try await clock.sleep(for: pace.shortest) } catch { return }  // Cancelled.
            let delay = failures == 0 ? spread(pace.poll) : backoff.delay(after: failures)
            await bell.wait(atMost: delay - pace.shortest, on: clock)
        }
    }

    /// A tenth more or less, so that many reconcilers do not ask at once.
    private func spread(_ span: Duration) -> Duration {
        span * 9 / 10 + span / 5 * (Double(random() >> 11) / Double(1 << 53))
    }
}
