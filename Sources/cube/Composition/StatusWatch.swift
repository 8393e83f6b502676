import CubeCore
import CubeReconciler
import CubeTypes
import ServiceLifecycle
import UnixSignals

/// Who is shown the status whenever it is another one.
protocol StatusViewer: Sendable {
    /// - Parameters:
    ///   - picture: how everything is.
    ///   - changed: the workloads that were read anew for it.
    /// - Returns: whether somebody still looks.
    mutating func show(_ picture: StatusPicture, changed: Set<WorkloadName>) throws -> Bool
    /// Takes away what is to be seen only while it goes on.
    func end()
}

/// Follows what is written of the status: it waits for the system to tell that a file changed.
///
/// Whether the reconciler is still at work shows in no file: it is asked from time to time.
struct StatusWatch: Service {
    /// How often the reconciler is asked whether it is well; where the system has no watch left, the files are read then.
    private static let period: Duration = .seconds(5)
    /// What changes faster than anyone reads is shown together.
    private static let pause: Duration = .milliseconds(100)
    private static let directories: [BytePath] = ["", "status", "status/workloads", "drift", "run", "reconciler"]
    /// What changes when a reconciler comes.
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

    /// Begins anew: a directory came or went. To be called before the files are read, so that nothing is missed.
    private func watch(with watcher: DirectoryWatcher) {
        watcher.watch(waysToRoot: [BytePath(data.path)])
        watcher.start(root: data.path)
        for directory in Self.directories { watcher.watch(directory, at: directory) }
    }
}
