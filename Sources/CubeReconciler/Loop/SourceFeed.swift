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
        /// A file that a program keeps open for writing is read after this time.
        var writer: Duration = .seconds(5)
        /// The interval between two checks whether git is still at work, and the time from a change of a manifest or of the git
        /// directory to the comparison with the commit.
        var git: Duration = .milliseconds(100)
        /// The time for which a change waits for git, which may have left its lock behind.
        var gitPatience: Duration = .seconds(10)
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
        var writers = FilesBeingWritten(patience: pace.writer)
        var lock = GitLock(patience: pace.gitPatience)
        var revisionAt: Timestamp?
        while !Task.isCancelled {
            if extent == .everything { lookedAtEverything = now() }
            if extent.isListing { listing.withLock { $0.begin(at: now()) } }
            if let snapshot = await source.look(at: extent) {
                inbox.put(snapshot, isRescan: extent == .everything)
                if case .entries = extent, snapshot.source.commit != nil { revisionAt = now() + pace.git }
            }

            let reason = await source.pollingReason
            if let reason, reason != pollingReason {
                logger.notice("the directory is polled every \(pace.poll.text)", metadata: ["reason": "\(reason)"])
            }
            pollingReason = reason
            let rescanAt = lookedAtEverything + (pollingReason == nil ? pace.rescan : pace.poll)
            let times = [rescanAt, listing.withLock(\.at), await source.nextReread, revisionAt, writers.overdueAt]
            await bell.wait(atMost: (times.compactMap { $0 }.min() ?? rescanAt) - now(), on: clock)

            var change = watcher.take(including: writers.overdue(at: now()))
            if !change.isEmpty, await wait(for: &lock) { change.merge(watcher.take()) }
            writers.note(change.open, at: now())
            // Git replaces several files for one commit. The comparison waits until it has replaced the last one.
            if change.revision { revisionAt = now() + pace.git }
            let isListingDue = listing.withLock { $0.at.map { $0 <= now() } ?? false }
            if change.everything || rescanAt <= now() {
                extent = .everything
            } else if isListingDue {
                // A listing alone would miss changes of known files.
                if !change.entries.isEmpty, let snapshot = await source.look(at: .entries(change.entries)) {
                    inbox.put(snapshot)
                }
                extent = .names
            } else if change.isEmpty, let due = revisionAt, due <= now() {
                extent = .revision
            } else {
                extent = .entries(change.entries)
            }
            if extent.isListing || extent == .revision { revisionAt = nil }
        }
    }

    /// Waits until git is no longer at work, so that all files that it writes become one change.
    ///
    /// - Returns: Whether time has passed.
    private func wait(for lock: inout GitLock) async -> Bool {
        var hasWaited = false
        while lock.isAwaited(isBusy: await source.isBusy, at: now()) {
            hasWaited = true
            do { try await clock.sleep(for: pace.git) } catch { break }  // Cancelled.
        }
        return hasWaited
    }
}

/// The files that programs are writing.
struct FilesBeingWritten {
    let patience: Duration
    private var since: [BytePath: Timestamp] = [:]

    /// - Parameter patience: The time after which a file is read although it is open.
    init(patience: Duration) { self.patience = patience }

    /// The time at which the next file is to be read although it is open.
    var overdueAt: Timestamp? { since.values.min().map { $0 + patience } }

    func overdue(at now: Timestamp) -> Set<BytePath> { Set(since.filter { $0.value + patience <= now }.keys) }

    /// Records all files that are open.
    mutating func note(_ open: Set<BytePath>, at now: Timestamp) {
        since = open.reduce(into: [:]) { $0[$1] = since[$1] ?? now }
    }
}

/// Whether changes wait for git, which writes many files.
struct GitLock {
    let patience: Duration
    private var since: Timestamp?

    /// - Parameter patience: How long git may take. A lock that exists for longer is ignored until it is gone.
    init(patience: Duration) { self.patience = patience }

    mutating func isAwaited(isBusy: Bool, at now: Timestamp) -> Bool {
        since = isBusy ? since ?? now : nil
        return since.map { now < $0 + patience } ?? false
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
