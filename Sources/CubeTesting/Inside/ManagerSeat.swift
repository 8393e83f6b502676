import CubeErrors
import CubeManager
import CubeServer
import CubeTypes
import Logging
import Synchronization

/// The place of the manager, where one serves, or none, or later another one with the same store.
final class ManagerSeat: Sendable {
    /// Its place among the ways.
    static let place = "manager"

    /// A manager from its start to its end.
    private struct Incumbent: Sendable {
        let manager: ManagerService
        let local: LocalServer
        let server: ManagerServer
        let isReady: AsyncStream<Never>.Continuation
        let isToLeave: (AsyncStream<Never>, AsyncStream<Never>.Continuation)
        let hasLeft: (AsyncStream<Never>, AsyncStream<Never>.Continuation)
    }

    private let open: @Sendable () async throws -> ManagerService
    private let options: @Sendable (_ onReady: @escaping @Sendable () -> Void) throws -> ServerOptions
    private let ways: Ways
    private let work: WorkQueue
    private let logger: Logger
    private let state = Mutex<Incumbent?>(nil)
    private let isStarting = Mutex(false)
    private let comings: AsyncStream<Incumbent>
    private let entrance: AsyncStream<Incumbent>.Continuation

    /// - Parameters:
    ///   - open: opens a manager on the store, whose term it raises.
    ///   - options: how it listens, told what to call when it does.
    init(
        ways: Ways, work: WorkQueue, logger: Logger, open: @escaping @Sendable () async throws -> ManagerService,
        options: @escaping @Sendable (_ onReady: @escaping @Sendable () -> Void) throws -> ServerOptions
    ) {
        self.open = open
        self.options = options
        self.ways = ways
        self.work = work
        self.logger = logger
        (comings, entrance) = AsyncStream.makeStream()
    }

    /// Who serves now.
    var manager: ManagerService? { state.withLock { $0?.manager } }
    /// How clients in this process reach it.
    var server: LocalServer? { state.withLock { $0?.local } }

    /// Starts a manager, unless there is one or one is about to be, and returns when it listens.
    func start() async throws {
        let isFirst = isStarting.withLock { isStarting in
            defer { isStarting = true }
            return !isStarting
        }
        guard isFirst else { return }
        defer { isStarting.withLock { $0 = false } }
        guard manager == nil else { return }
        // No time passes meanwhile: that it listens is not told on the queue.
        work.enter()
        defer { work.leave() }
        let (readiness, isReady) = AsyncStream.makeStream(of: Never.self)
        let options = try options { isReady.finish() }
        let manager = try await open()
        let incumbent = Incumbent(
            manager: manager, local: LocalServer(manager, options: options, logger: logger),
            server: ManagerServer(manager, options: options, logger: logger),
            isReady: isReady, isToLeave: AsyncStream.makeStream(), hasLeft: AsyncStream.makeStream())
        state.withLock { $0 = incumbent }
        ways.mend(Self.place)
        entrance.yield(incumbent)
        for await _ in readiness {}
    }

    /// Ends the manager, if there is one, as when its process is killed: what is under way breaks off, and what is stored stays.
    func stop() async {
        guard let incumbent = state.withLock({ $0.take() }) else { return }
        work.enter()
        defer { work.leave() }
        ways.cut(Self.place)
        incumbent.isToLeave.1.finish()
        for await _ in incumbent.hasLeft.0 {}
    }

    /// Runs whoever comes, until cancelled.
    func run() async throws {
        for await incumbent in comings { try await Self.run(incumbent) }
    }

    private static func run(_ incumbent: Incumbent) async throws {
        defer {
            // Nobody waits for one that could not listen; why it could not ends the cluster.
            incumbent.isReady.finish()
            incumbent.hasLeft.1.finish()
        }
        try await untilFinished(incumbent.isToLeave.0) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await incumbent.manager.run() }
                group.addTask { try await incumbent.server.run() }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }
}
