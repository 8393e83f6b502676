import CubeCore
import CubeReconciler
import CubeSystem
import CubeTypes
import ServiceLifecycle
import UnixSignals

/// A viewer of the status, called for each change.
protocol StatusViewer: Sendable {
    /// - Parameters:
    ///   - picture: The whole status.
    ///   - changed: The workloads whose files were read for this call.
    /// - Returns: Whether to continue.
    mutating func show(_ picture: StatusPicture, changed: Set<WorkloadName>) throws -> Bool
    /// Removes temporary output, such as a live picture.
    func end()
}

/// Watches the status files, with notifications from the file system.
///
/// No file shows whether the reconciler is still running, so the watch also queries it periodically.
struct StatusWatch: Service {
    /// The interval between two queries of the reconciler. If no file watches are available, the files are also read at
    /// this interval.
    private static let period: Duration = .seconds(5)
    /// The minimum time between two updates; changes in between are combined.
    private static let pause: Duration = .milliseconds(100)
    private static let directories: [BytePath] = ["", "status", "status/workloads", "drift", "run", "reconciler"]
    /// Files that change when a reconciler starts.
    private static let traces: Set<BytePath> = ["run/addresses.json", "reconciler/lock"]

    let data: DataDirectory
    let viewer: any StatusViewer

    func run() async throws {
        let watcher = DirectoryWatcher.make()
        let (wakes, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        bell.yield()  // The first picture needs no change.
        let resizes = await UnixSignalsSequence(trapping: .sigwinch)
        try await withThrowingTaskGroup { group in
            group.addTask { for await _ in watcher.signals.cancelOnGracefulShutdown() { bell.yield() } }
            group.addTask { for await _ in resizes.cancelOnGracefulShutdown() { bell.yield() } }
            group.addTask {
                while true {
                    try await Task.sleep(for: Self.period)
                    bell.yield()
                }
            }
            try await follow(wakes, watcher)
            group.cancelAll()
        }
    }

    private func follow(_ wakes: AsyncStream<Void>, _ watcher: DirectoryWatcher) async throws {
        let files = WrittenStatus(data: data)
        var viewer = viewer
        defer { viewer.end() }
        var picture = StatusPicture()
        var due = SourceChange(everything: true)
        var asked: ContinuousClock.Instant?
        for await _ in wakes.cancelOnGracefulShutdown() {
            due.merge(watcher.take())
            if watcher.problem != nil || !due.entries.isDisjoint(with: Self.directories) {
                due.merge(SourceChange(everything: true))
            }
            if due.everything { watch(with: watcher) }
            let changed = try picture.read(due, from: files)
            let isNew = asked.map { ContinuousClock.now - $0 >= Self.period } ?? true
            if isNew || due.everything || !due.entries.isDisjoint(with: Self.traces) {
                picture.freshness = try await StatusFreshness.find(in: data)
                asked = .now
            }
            due = SourceChange()
            guard try viewer.show(picture, changed: changed) else { return }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// Sets up all watches again after a directory was created or removed. Must run before the files are read, so that
    /// no change is missed.
    private func watch(with watcher: DirectoryWatcher) {
        watcher.watch(waysToRoot: [BytePath(data.path)])
        watcher.start(root: data.path)
        for directory in Self.directories { watcher.watch(directory, at: directory) }
    }
}
