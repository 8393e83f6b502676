import CubeCore
import CubeErrors
import CubeSystem
import CubeTesting
import CubeTypes
import Foundation
import Logging
import Synchronization
import SystemPackage
import Testing

@testable import CubeReconciler

/// A reconciler with a real directory, real inotify, a real manager with an in-memory store, and a manual clock. Time
/// passes only while the reconciler and the manager have no work left.
final class LoopWorld: Sendable {
    let directory: TemporaryDirectory
    let files = ObservedFileSystem()
    let clock: ManualClock
    let cluster: FakeCluster
    private let data: FilePath
    /// A different seed per data directory, as two reconcilers must not have the same ids.
    private let random: Mutex<UInt64>

    init() throws {
        random = Mutex(1)
        directory = try TemporaryDirectory()
        try directory.makeDirectory("manifests")
        data = directory.path.appending(".cube")
        try directory.makeDirectory(".cube")
        cluster = try #require(FakeCluster.current)
        clock = cluster.clock
    }

    /// Another data directory with the same cluster and clock.
    init(beside other: LoopWorld) throws {
        random = Mutex(2)
        directory = try TemporaryDirectory()
        data = directory.path.appending(".cube")
        try directory.makeDirectory(".cube")
        clock = other.clock
        cluster = other.cluster
    }

    func write(_ text: String, to name: String) throws { try directory.write(text, to: "manifests/\(name)") }

    func summary() -> SummaryStatus? { decode("status/summary.json") }
    func status(of name: String) -> WorkloadStatus? { decode("status/workloads/\(name).json") }
    func drift(of name: String) -> DriftReport? { decode("drift/\(name).json") }

    private func decode<Value: Decodable>(_ name: String) -> Value? {
        // Callers wait for a valid file, so a file that does not parse counts as missing.
        directory.text(of: ".cube/\(name)").flatMap { try? JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    }

    /// Runs a reconciler during the body of a test.
    ///
    /// - Parameter remote: The remote to follow instead of the directory.
    func reconcile(
        from remote: GitRemote? = nil, observing: Bool = false, notices: (any NoticeSender)? = nil,
        images: (any ImageRegistry)? = nil,
        _ body: @Sendable (LoopRun) async throws -> Void
    ) async throws {
        var options = ReconcilerOptions(
            origin: remote.map { .git(GitOrigin($0, poll: .seconds(86_400))) }
                ?? .directory(directory.path.appending("manifests")), directory: data, holder: "test")
        options.rescan = .seconds(60)
        options.observesOnly = observing
        let clock = clock
        let world = ReconcilerWorld(
            cluster: cluster, files: files, clock: clock, now: { clock.timestamp },
            random: {
                self.random.withLock { state in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return state
                }
            }, git: GitProgram(environment: TestRepository.environment), notices: notices, images: images,
            executor: { [time = cluster.time] _ in time.executor() })
        let service = ReconcilerService(
            options, world: world, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            try await body(
                LoopRun(
                    state: service.state, time: cluster.time, wake: { service.lookNow() }, use: { service.use($0) }))
            group.cancelAll()
        }
    }
}

/// Receives notices while it is reachable.
final class NoticeReceiver: NoticeSender {
    private struct State {
        var isAway = true
        var refused = 0
        var texts: [String] = []
    }

    private let state = Mutex(State())

    var isAway: Bool {
        get { state.withLock(\.isAway) }
        set { state.withLock { $0.isAway = newValue } }
    }
    var refused: Int { state.withLock(\.refused) }
    var texts: [String] { state.withLock(\.texts) }

    func send(_ message: NoticeMessage) async throws {
        try state.withLock { state in
            guard !state.isAway else {
                state.refused += 1
                throw APIError(.unavailable, "the receiver is away")
            }
            state.texts.append(message.text)
        }
    }
}

/// A running reconciler.
struct LoopRun {
    let state: ReconcilerState
    let time: QueuedTime
    let wake: @Sendable () -> Void
    let use: @Sendable (GuardLimits.Choice) -> Void

    /// Lets time pass until the condition holds. The suite's time limit bounds the wait, as it cancels the test.
    func until(_ condition: (ReconcilerState.View) async throws -> Bool) async throws {
        try await time.pass { try await condition(state.view) }
    }

    func untilConverged(_ condition: (ReconcilerState.View) async throws -> Bool = { _ in true }) async throws {
        try await until { view in
            guard view.isConverged else { return false }
            return try await condition(view)
        }
    }

    /// Lets a span of time pass.
    func pass(_ span: Duration) async { await time.pass(span) }
}
