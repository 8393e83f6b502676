import CubeErrors
import CubeManager
import CubeServer
import CubeSystem
import CubeTypes
import Logging
import Synchronization

/// The manager of the cluster, which a test can stop and start. At most one manager runs at a time, always on the same store.
final class ManagerSeat: Sendable {
    /// The name of the manager in the network.
    static let place = "manager"

    /// A running manager, from its start to its end.
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
    private let network: Network
    private let work: WorkQueue
    private let logger: Logger
    private let state = Mutex<Incumbent?>(nil)
    private let isStarting = Mutex(false)
    private let comings: AsyncStream<Incumbent>
    private let entrance: AsyncStream<Incumbent>.Continuation

    /// - Parameters:
    ///   - open: opens a manager on the store, which raises the term.
    ///   - options: returns the options of the server. The server calls `onReady` when it listens.
    init(
        network: Network, work: WorkQueue, logger: Logger, open: @escaping @Sendable () async throws -> ManagerService,
        options: @escaping @Sendable (_ onReady: @escaping @Sendable () -> Void) throws -> ServerOptions
    ) {
        self.open = open
        self.options = options
        self.network = network
        self.work = work
        self.logger = logger
        (comings, entrance) = AsyncStream.makeStream()
    }

    /// The running manager, if any.
    var manager: ManagerService? { state.withLock { $0?.manager } }
    /// The server of the running manager for clients in this process.
    var server: LocalServer? { state.withLock { $0?.local } }

    /// Starts a manager, unless one is running or starting, and returns when it listens.
    func start() async throws {
        let isFirst = isStarting.withLock { isStarting in
            defer { isStarting = true }
            return !isStarting
        }
        guard isFirst else { return }
        defer { isStarting.withLock { $0 = false } }
        guard manager == nil else { return }
        // Counts as work, so that no time passes meanwhile: the queue does not see the wait for the socket.
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
        network.mend(Self.place)
        entrance.yield(incumbent)
        for await _ in readiness {}
    }

    /// Ends the running manager, if any, as if its process was killed: calls in progress fail, and the store is kept.
    func stop() async {
        guard let incumbent = state.withLock({ $0.take() }) else { return }
        work.enter()
        defer { work.leave() }
        network.cut(Self.place)
        incumbent.isToLeave.1.finish()
        for await _ in incumbent.hasLeft.0 {}
    }

    /// Runs each started manager until it ends.
    func run() async throws {
        for await incumbent in comings { try await Self.run(incumbent) }
    }

    private static func run(_ incumbent: Incumbent) async throws {
        defer {
            // If the server could not listen, stop waiting for it. Its error then ends the cluster.
            incumbent.isReady.finish()
            incumbent.hasLeft.1.finish()
        }
        _ = try await race {
            _ = try await race({ try await incumbent.manager.run() }, until: { try await incumbent.server.run() })
        } until: {
            for await _ in incumbent.isToLeave.0 {}
        }
    }
}
