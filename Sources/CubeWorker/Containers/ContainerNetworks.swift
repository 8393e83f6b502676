import CubeCore
import CubeErrors
import CubeTypes
import Logging

/// The networks that this worker creates on its engine for containers that join them. A network exists for as long as a task on
/// this node uses it. Networks of others are never touched.
actor ContainerNetworks {
    private let engine: EngineClient
    private let logger: Logger
    /// The tasks that use each network, as far as this worker started them. The engine itself keeps a network that a running
    /// container uses.
    private var users: [String: Set<TaskID>] = [:]
    /// Requests about networks are sent one after the other, so that none is removed between its creation and its use.
    private let turn = Semaphore(1)

    init(engine: EngineClient, logger: Logger) {
        self.engine = engine
        self.logger = logger
    }

    /// Creates the networks that a container joins, unless they exist.
    ///
    /// - Throws: `StartRefusal` if a network of that name belongs to someone else.
    func prepare(for spec: ContainerSpec, of task: TaskID) async throws {
        guard case .joined(let networks, _) = spec.network else { return }
        for network in networks { users[network.name, default: []].insert(task) }
        try await turn.pass {
            for network in networks { try await engine.create(network) }
        }
    }

    /// Connects a container that has not started with all networks but the first, which it was created with.
    func connect(_ spec: ContainerSpec) async throws {
        guard case .joined(let networks, let aliases) = spec.network else { return }
        for network in networks.dropFirst() {
            try await engine.connect(spec.name, to: network.name, aliases: aliases)
        }
    }

    /// Removes the networks of a task that has ended, unless other tasks use them.
    func leave(_ networks: [ContainerNetwork], by task: TaskID) async {
        for network in networks {
            users[network.name]?.remove(task)
            do {
                try await turn.pass {
                    guard users[network.name]?.isEmpty != false else { return }
                    users[network.name] = nil
                    try await engine.remove(network)
                }
            } catch {
                logger.debug("\(task): cannot remove network \(network.name): \(error)")
            }
        }
    }
}
