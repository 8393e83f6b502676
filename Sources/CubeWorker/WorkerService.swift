import CubeErrors
package import CubeTypes
package import Logging
import ServiceLifecycle

/// The worker of one machine: what the HTTP layer calls, and what runs as long as the worker does.
package actor WorkerService: Service {
    private let options: WorkerOptions
    private let registrar: (any ManagerRegistrar)?
    private let logger: Logger
    private var url: String?

    private init(options: WorkerOptions, registrar: (any ManagerRegistrar)?, logger: Logger) {
        self.options = options
        self.registrar = registrar
        self.logger = logger
    }

    /// Reads the records of an earlier worker in the same directory and adopts what still runs.
    package static func open(
        _ options: WorkerOptions, registrar: (any ManagerRegistrar)?, logger: Logger
    ) async throws -> WorkerService {
        WorkerService(options: options, registrar: registrar, logger: logger)
    }

    /// Carries out what is due, until shutdown; tasks keep running beyond it.
    package func run() async throws {
        try await gracefulShutdown()
    }

    /// Tells where the manager reaches this worker (`http://HOST:PORT` or `unix:PATH`), which is known once it listens;
    /// registration waits for it.
    package func advertise(url: String) {
        self.url = url
    }

    package func assign(_ assignment: TaskAssignment) async throws -> (task: WorkerTask, created: Bool) {
        throw APIError(.unavailable, "the worker is starting")
    }

    /// What changed since a sequence number of an incarnation, or everything; waits up to `wait` for a change.
    package func list(
        since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration
    ) async throws -> WorkerTaskList {
        throw APIError(.unavailable, "the worker is starting")
    }

    package func task(_ id: TaskID) async throws -> WorkerTask {
        throw APIError(.taskNotFound, "no task \(id)")
    }

    package func stop(_ id: TaskID, placement: Int, term: Int, cluster: ClusterID) async throws -> WorkerTask {
        throw APIError(.taskNotFound, "no task \(id)")
    }

    package func updateSettings(_ id: TaskID, _ settings: TaskSettings) async throws -> WorkerTask {
        throw APIError(.taskNotFound, "no task \(id)")
    }

    /// The output of a task: its last `tail` lines or all, then what it writes until it ends if `follow`.
    package func logs(
        _ id: TaskID, tail: Int?, follow: Bool
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        let empty: AsyncThrowingStream<[UInt8], any Error> = AsyncThrowingStream { $0.finish() }
        return empty
    }

    package func info() async -> WorkerInfo {
        WorkerInfo(
            name: options.name, version: "", url: url ?? "", runtimes: [], capacity: options.capacity ?? .zero,
            bootID: "", incarnation: "")
    }

    package func status() async -> WorkerStatus {
        WorkerStatus(
            name: options.name, state: .ready, cluster: nil, term: 0, tasks: [:], startedAt: Timestamp(milliseconds: 0))
    }

    package func metrics() async throws -> WorkerMetrics {
        throw APIError(.unavailable, "the worker is starting")
    }
}
