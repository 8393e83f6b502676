import CubeCore
import CubeTesting
import CubeTypes
import Foundation
import Logging
import SystemPackage
import Testing

@testable import CubeReconciler

/// Uses real inotify and the real git, and a manual clock. The suite's time limit bounds each wait.
@Suite(.timeLimit(.minutes(1))) struct SourceFeedTests {
    private let repository: TestRepository
    /// Begins at the present, as the files have times of the wall clock.
    private let clock = ManualClock(start: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
    private let inbox = Inbox()

    init() throws {
        repository = try TestRepository()
        try repository.write(manifest("a"), to: "manifests/a.json")
        try repository.commit()
    }

    /// Watches the manifests during the body of a test.
    private func watching(_ body: @Sendable () async throws -> Void) async throws {
        let watcher = DirectoryWatcher.make()
        let source = DirectorySource(
            repository.work.appending("manifests"), files: LocalFileSystem(), watcher: watcher,
            git: GitProgram(environment: TestRepository.environment)
        ) { [clock] in clock.timestamp }
        let feed = SourceFeed(
            source, watcher: watcher, pace: SourceFeed.Pace(), clock: clock, now: { [clock] in clock.timestamp },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [inbox] in await feed.run(into: inbox) }
            defer { group.cancelAll() }
            try await body()
        }
    }

    /// Lets time pass until the feed passes on a source that fulfils a condition, but not as far as the first rescan.
    private func source(where isExpected: (SourceRevision) -> Bool) async throws -> SourceRevision {
        let rescan = ManualClock.Instant(offset: SourceFeed.Pace().rescan)
        while true {
            try Task.checkCancellation()
            let news = inbox.take()
            if let source = (news.laterSource ?? news.source)?.source, isExpected(source) { return source }
            if let next = clock.nextDeadline, next < rescan { clock.advance(to: next) }
            await Task.yield()
        }
    }

    @Test func `A commit of changed manifests is found without a rescan`() async throws {
        try repository.write(manifest("a", "2"), to: "manifests/a.json")
        try await watching {
            _ = try await source { $0.dirty == true }
            let commit = try repository.commit()
            let committed = try await source { $0.dirty == false }
            #expect(committed.commit == commit)
        }
    }
}
