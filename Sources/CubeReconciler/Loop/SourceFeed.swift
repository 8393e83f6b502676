import CubeCore
import CubeSystem
import CubeTypes
import Logging
import Synchronization

/// Watches the manifests for the reconcile loop.
protocol ManifestFeed: Sendable {
    /// Requests a complete listing at a time; `nil` withdraws the request.
    func list(at time: Timestamp?)
    /// Runs until it is cancelled.
    func run(into inbox: Inbox) async
}

/// Looks at a directory source whenever it may have changed, and passes on the snapshots.
final class SourceFeed: ManifestFeed {
    struct Pace: Sendable {
        /// The interval between complete scans, which find changes that the watcher missed.
        var rescan: Duration = .seconds(60)
        /// The interval between complete scans if the watcher cannot report changes.
        var poll: Duration = .seconds(5)
        /// A burst of changes ends after this time without changes…
        var quiet: Duration = .milliseconds(100)
        /// …or after this many multiples of that time.
        var patience = 10
    }

    private let source: DirectorySource
    private let watcher: DirectoryWatcher
    private let pace: Pace
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let bell = Bell()
    private let listing = Mutex(DueListing())

    init(
        _ source: DirectorySource, watcher: DirectoryWatcher, pace: Pace, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp, logger: Logger
    ) {
        self.source = source
        self.watcher = watcher
        self.pace = pace
        self.clock = clock
        self.now = now
        self.logger = logger
    }

    func list(at time: Timestamp?) {
        if listing.withLock({ $0.ask(for: time) }) { bell.ring() }
    }

    func run(into inbox: Inbox) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in self.watcher.signals { self.bell.ring() } }
            group.addTask { await self.look(into: inbox) }
            await group.waitForAll()
        }
    }

    private func look(into inbox: Inbox) async {
        var lookedAtEverything = now()
        var extent = DirectorySource.Extent.everything
        var pollingReason: String?
        while !Task.isCancelled {
            if extent == .everything { lookedAtEverything = now() }
            if extent.isListing { listing.withLock { $0.begin(at: now()) } }
            if let snapshot = await source.look(at: extent) {
                inbox.put(snapshot, isRescan: extent == .everything)
            }

            let reason = await source.pollingReason
            if let reason, reason != pollingReason {
                logger.notice("the directory is polled every \(pace.poll.text)", metadata: ["reason": "\(reason)"])
            }
            pollingReason = reason
            let rescanAt = lookedAtEverything + (pollingReason == nil ? pace.rescan : pace.poll)
            let next = [rescanAt, listing.withLock(\.at), await source.nextReread].compactMap { $0 }.min() ?? rescanAt
            await bell.wait(atMost: next - now(), on: clock)
            let change = await completeChange()
            let isListingDue = listing.withLock { $0.at.map { $0 <= now() } ?? false }
            if change.everything || rescanAt <= now() {
                extent = .everything
            } else if isListingDue {
                // A listing alone would miss changes of known files.
                if !change.entries.isEmpty, let snapshot = await source.look(at: .entries(change.entries)) {
                    inbox.put(snapshot)
                }
                extent = .names
            } else {
                extent = .entries(change.entries)
            }
        }
    }

    /// Returns the pending changes after a burst of changes has ended.
    private func completeChange() async -> SourceChange {
        var change = watcher.take()
        guard change != SourceChange() else { return change }
        for _ in 0..<pace.patience {
            do { try await clock.sleep(for: pace.quiet) } catch { break }  // Cancelled.
            let more = watcher.take()
            if more == SourceChange() { break }
            change.merge(more)
        }
        return change
    }
}

/// The time at which a listing is due. A listing serves all requests for times up to its start, even while it is in
/// progress, because the reconcile loop sees its result later.
struct DueListing {
    /// `nil` if no listing is requested.
    private(set) var at: Timestamp?
    private var began: Timestamp?

    /// - Returns: Whether the time changed, so that the lister must be woken.
    mutating func ask(for time: Timestamp?) -> Bool {
        let former = at
        at = time.flatMap(unanswered)
        return at != nil && at != former
    }

    mutating func begin(at now: Timestamp) {
        began = now
        at = at.flatMap(unanswered)
    }

    private func unanswered(_ time: Timestamp) -> Timestamp? {
        if let began, time <= began { nil } else { time }
    }
}
