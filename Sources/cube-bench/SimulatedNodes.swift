import CubeErrors
import CubeManager
import CubeSystem
import CubeTesting
import CubeTypes
import Synchronization

/// Workers that a manager in this process calls without HTTP: they accept every task and report it as running.
///
/// Unlike ``SimulatedFleet``, they keep only the reports that the manager has not acknowledged, so that the memory of this process
/// is that of the manager.
final class SimulatedNodes: RefusingGateway {
    private let nodes: [String: SimulatedNode]
    /// The number of tasks that were assigned.
    private let count = Atomic(0)

    /// The descriptions with which the workers register.
    let descriptions: [WorkerInfo]

    /// - Parameter capacity: The number of tasks that a node has room for.
    init(count: Int, capacity: Int) throws {
        descriptions = try (0..<count).map { index in
            WorkerInfo(
                name: try NodeName(checking: "w\(index)", field: "name"), version: "0.0.0",
                // Nothing listens on the discard port, so a manager in another process fails at once.
                url: "http://127.1.\(index >> 8).\(index & 255):9", runtimes: ["process"],
                capacity: ResourceSpec(millicores: 100 * capacity, memory: capacity * 64 << 20, disk: 1 << 40),
                labels: ["zone": "z\(index % 3)"], bootID: "boot-\(index)", incarnation: SimulatedNode.incarnation)
        }
        nodes = Dictionary(uniqueKeysWithValues: descriptions.map { ($0.url, SimulatedNode()) })
    }

    var assigned: Int { count.load(ordering: .relaxed) }

    private func node(_ url: String) throws(APIError) -> SimulatedNode {
        guard let node = nodes[url] else { throw APIError(.unavailable, "\(url): no such worker") }
        return node
    }

    func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration,
        renewing lease: LeaseRenewal
    ) async throws -> WorkerTaskList {
        try await node(url).list(since: since, incarnation: incarnation, wait: wait)
    }

    func assign(_ assignment: TaskAssignment, at url: String) async throws -> WorkerTask {
        let task = try await node(url).assign(assignment)
        count.add(1, ordering: .relaxed)
        return task
    }
}

/// One of ``SimulatedNodes``.
private actor SimulatedNode {
    static let incarnation = "1"

    private let bell = Bell()
    /// The reports after the last acknowledged one, of which the last has the number ``sequence``.
    private var reports: [WorkerTask] = []
    private var sequence = 0

    func assign(_ assignment: TaskAssignment) throws -> WorkerTask {
        guard let digest = assignment.settingsDigest else {
            throw APIError(.validationFailed, "\(assignment.id): no settings_digest")
        }
        let task = WorkerTask(
            id: assignment.id, placement: assignment.placement, run: 1, state: .running, ready: true,
            settingsDigest: digest)
        sequence += 1
        reports.append(task)
        bell.ring()
        return task
    }

    func list(since: Int?, incarnation: String?, wait: Duration) async -> WorkerTaskList {
        let isChange = since != nil && incarnation == Self.incarnation
        if isChange, let since { reports.removeFirst(max(0, reports.count - (sequence - since))) }
        if isChange, reports.isEmpty { await bell.wait(atMost: wait, on: BootClock.timer) }
        return WorkerTaskList(
            complete: !isChange, incarnation: Self.incarnation, sequence: sequence, tasks: reports,
            volumes: isChange ? nil : [])
    }
}
