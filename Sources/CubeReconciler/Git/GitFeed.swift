import CubeCore
import CubeSystem
import CubeTypes

/// Polls a git source, periodically and when woken, and passes on the snapshots that it reads.
final class GitFeed: ManifestFeed {
    struct Pace: Sendable {
        /// The approximate interval between two requests to the remote.
        var poll: Duration = .seconds(60)
        /// The minimum interval between two requests, however often the feed is woken.
        var shortest: Duration = .seconds(1)
    }

    private let source: GitSource
    private let pace: Pace
    private let backoff: Backoff
    private let bell: Bell
    private let clock: any Clock<Duration>
    private let random: @Sendable () -> UInt64

    /// - Parameter bell: Wakes the feed when the remote may have changed.
    init(
        _ source: GitSource, pace: Pace, bell: Bell, clock: any Clock<Duration>,
        random: @escaping @Sendable () -> UInt64
    ) {
        self.source = source
        self.pace = pace
        self.bell = bell
        self.clock = clock
        self.random = random
        backoff = Backoff(first: min(.seconds(5), pace.poll), longest: max(pace.poll, .seconds(300)))
    }

    /// Does nothing: a commit is immutable, so one listing already proves which files are absent.
    func list(at time: Timestamp?) {}

    func run(into inbox: Inbox) async {
        var failures = 0
        while !Task.isCancelled {
            let look = await source.look()
            failures = look.hasFailed ? failures + 1 : 0
            if let snapshot = look.snapshot { inbox.put(snapshot) }
            await source.tidy()
            do { try await clock.sleep(for: pace.shortest) } catch { return }  // Cancelled.
            let delay =
                failures == 0
                ? spread(pace.poll) : backoff.pause(after: failures, jitter: Double(unitInterval: random()))
            await bell.wait(atMost: delay - pace.shortest, on: clock)
        }
    }

    /// Varies a duration by up to 10 %, so that many reconcilers do not poll at once.
    private func spread(_ span: Duration) -> Duration {
        span * 9 / 10 + span / 5 * Double(unitInterval: random())
    }
}
