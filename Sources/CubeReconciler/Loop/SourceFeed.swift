import CubeCore
import CubeTypes
import Logging
import Synchronization

/// What tells the loop of the manifests.
protocol ManifestFeed: Sendable {
    /// Asks for a listing of everything at a time; `nil` asks for none.
    func list(at time: Timestamp?)
    /// Runs until it is cancelled.
    func run(into inbox: Inbox) async
}

/// Looks at the source whenever something in it may have changed, and tells what it saw.
final class SourceFeed: ManifestFeed {
    struct Pace: Sendable {
        /// How often everything is looked at, in case that events were lost.
        var rescan: Duration = .seconds(60)
        /// How often, where nothing tells of changes.
        var poll: Duration = .seconds(5)
        /// A burst of changes is over when nothing came for so long…
        var quiet: Duration = .milliseconds(100)
        /// …or when it took so many times as long.
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

    /// Asks for a listing of everything at a time; `nil` asks for none.
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
                logger.notice("changes are looked for every \(pace.poll.text)", metadata: ["reason": "\(reason)"])
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
                // A listing alone would miss that a file changed.
                if !change.entries.isEmpty, let snapshot = await source.look(at: .entries(change.entries)) {
                    inbox.put(snapshot)
                }
                extent = .names
            } else {
                extent = .entries(change.entries)
            }
        }
    }

    /// What changed, once a burst of changes is over.
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

/// When everything is to be listed. A listing answers all that asked for one up to its beginning, also while it goes on:
/// what decides knows of it only later.
struct DueListing {
    /// `nil` where nobody waits for a listing.
    private(set) var at: Timestamp?
    private var began: Timestamp?

    /// - Returns: whether this is news to who lists.
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
