import CubeErrors
import CubeManager
import CubeServer
import CubeSystem
import CubeTypes
import Logging
import Synchronization

/// The manager of the cluster, which a test can stop and start. At most one manager runs at a time, always on the same store.
final class RestartableManager: Sendable {
    /// The name of the manager in the network.
    static let place = "manager"

    /// A running manager, from its start to its end.
    private struct Instance: Sendable {
        let service: ManagerService
        let local: LocalServer
        let server: ManagerServer
        let isReady: AsyncStream<Never>.Continuation
        /// Finishes when the manager is asked to end.
        let stopRequest: (stream: AsyncStream<Never>, continuation: AsyncStream<Never>.Continuation)
        /// Finishes when the manager has ended.
        let end: (stream: AsyncStream<Never>, continuation: AsyncStream<Never>.Continuation)
    }

    private let open: @Sendable () async throws -> ManagerService
    private let options: @Sendable (_ onReady: @escaping @Sendable () -> Void) throws -> ServerOptions
    private let network: Network
    private let work: WorkQueue
    private let logger: Logger
    private let state = Mutex<Instance?>(nil)
    private let isStarting = Mutex(false)
    /// The started managers, for ``run()``.
    private let instances: (stream: AsyncStream<Instance>, continuation: AsyncStream<Instance>.Continuation)

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
        instances = AsyncStream.makeStream()
    }

    /// The running manager, if any.
    var service: ManagerService? { state.withLock { $0?.service } }
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
        guard service == nil else { return }
        // Counts as work, so that no time passes meanwhile: the queue does not see the wait for the socket.
        work.enter()
        defer { work.leave() }
        let (readiness, isReady) = AsyncStream.makeStream(of: Never.self)
        let options = try options { isReady.finish() }
        let service = try await open()
        let instance = Instance(
            service: service, local: LocalServer(service, options: options, logger: logger),
            server: ManagerServer(service, options: options, logger: logger),
            isReady: isReady, stopRequest: AsyncStream.makeStream(), end: AsyncStream.makeStream())
        state.withLock { $0 = instance }
        network.mend(Self.place)
        instances.continuation.yield(instance)
        for await _ in readiness {}
    }

    /// Ends the running manager, if any, as if its process was killed: calls in progress fail, and the store is kept.
    func stop() async {
        guard let instance = state.withLock({ $0.take() }) else { return }
        work.enter()
        defer { work.leave() }
        network.cut(Self.place)
        instance.stopRequest.continuation.finish()
        for await _ in instance.end.stream {}
    }

    /// Runs each started manager until it ends.
    func run() async throws {
        for await instance in instances.stream { try await Self.run(instance) }
    }

    private static func run(_ instance: Instance) async throws {
        defer {
            // If the server could not listen, stop waiting for it. Its error then ends the cluster.
            instance.isReady.finish()
            instance.end.continuation.finish()
        }
        _ = try await race {
            _ = try await race({ try await instance.service.run() }, until: { try await instance.server.run() })
        } until: {
            for await _ in instance.stopRequest.stream {}
        }
    }
}
