import CubeErrors
package import CubeTypes
package import Logging
import ServiceLifecycle

/// The manager: what the HTTP layer calls, and what runs as long as the manager does.
package actor ManagerService: Service {
    private let logger: Logger

    private init(logger: Logger) { self.logger = logger }

    /// Reads the stored state and raises the term, durably, before anything else happens.
    package static func open(
        store: any Store, gateway: any WorkerGateway, options: ManagerOptions = ManagerOptions(), logger: Logger,
        clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Timestamp
    ) async throws -> ManagerService {
        ManagerService(logger: logger)
    }

    /// Decides, commits and dispatches until shutdown, which ends blocking queries; throws when the store fails.
    package func run() async throws { try await gracefulShutdown() }

    /// Why it takes no commands, or `nil` when it does.
    package var notReadyReason: String? { "starting" }
    package var isReady: Bool { notReadyReason == nil }

    private func starting() -> APIError { APIError(.unavailable, "the manager is starting") }

    package func schedule(_ request: ScheduleRequest) async throws -> (task: TaskStatus, created: Bool) {
        throw starting()
    }
    package func batch(_ request: BatchRequest) async throws -> BatchAnswer { throw starting() }
    package func list(
        owner: OwnerName?, name: WorkloadName?, state: TaskState?, limit: Int, cursor: String?
    ) async throws -> TaskList { throw starting() }
    package func changes(
        owner: OwnerName, since: Int, term: Int, wait: Duration
    ) async throws -> TaskChanges { throw starting() }
    package func task(_ id: TaskID) async throws -> TaskStatus { throw starting() }
    package func stop(_ id: TaskID) async throws -> TaskStatus { throw starting() }
    package func updateSettings(
        _ update: SettingsUpdate, owner: OwnerName, fence: Int, pass: Int
    ) async throws -> TaskStatus { throw starting() }
    package func logs(
        _ id: TaskID, tail: Int?, follow: Bool
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable { throw starting() }

    package func register(_ worker: WorkerInfo) async throws -> WorkerWelcome { throw starting() }
    package func nodes() async throws -> NodeList { throw starting() }
    package func node(_ name: NodeName) async throws -> NodeInfo { throw starting() }
    package func drain(_ name: NodeName, _ draining: Bool) async throws -> NodeInfo { throw starting() }
    package func remove(_ name: NodeName) async throws { throw starting() }

    package func cluster() async throws -> ClusterStatus { throw starting() }
    package func events(since: Int, limit: Int, wait: Duration) async throws -> EventList { throw starting() }

    package func owners() async throws -> OwnerList { throw starting() }
    package func owner(_ name: OwnerName) async throws -> OwnerStatus { throw starting() }
    package func lease(_ name: OwnerName, _ request: LeaseRequest) async throws -> OwnerStatus { throw starting() }
    package func direct(_ name: OwnerName, _ directive: Directive) async throws -> OwnerStatus { throw starting() }
    package func forget(_ name: OwnerName) async throws { throw starting() }
}
