import CubeCore
import CubeErrors
import CubeTypes
import HashTreeCollections

/// What the dispatchers ask and tell.
extension ManagerService {
    /// The registrations of all nodes, as soon as they are others than those.
    func registrations(
        otherThan known: Set<NodeDispatcher.Registration>
    ) async -> Set<NodeDispatcher.Registration> {
        await wait(for: .fleet) { self.registrations == known ? nil : self.registrations } ?? registrations
    }

    func waitWhile(registered registration: NodeDispatcher.Registration) async {
        _ = await wait(for: .fleet) { self.registrations.contains(registration) ? nil : () }
    }

    private var registrations: Set<NodeDispatcher.Registration> {
        Set(
            state.records.nodes.values.map {
                NodeDispatcher.Registration(
                    name: $0.worker.name, url: $0.worker.url, revision: $0.registeredRevision)
            })
    }

    private func wait<Answer: Sendable>(for topic: Bells.Topic, until answer: () -> Answer?) async -> Answer? {
        // What is asked here throws nothing, so neither does the wait.
        try? await wait(for: topic, upTo: .seconds(24 * 3600), until: answer)
    }

    /// The calls that a node's worker must be sent, and a version that changes when they may have changed.
    func due(on node: NodeName) -> (calls: [WorkerCall], version: Int) {
        (state.due(on: node).compactMap { state.call(for: $0, on: node) }, wakes[node, default: 0])
    }

    /// The call that a node's worker must be sent about a task now; `nil` if there is none.
    func call(for task: TaskID, on node: NodeName) -> WorkerCall? { state.call(for: task, on: node) }

    /// Waits until what is due may be another than at a version, and at most so long.
    func waitForWork(on node: NodeName, otherThan version: Int, upTo limit: Duration) async {
        // What is asked here throws nothing, so neither does the wait.
        _ = try? await wait(for: .node(node), upTo: limit) { wakes[node, default: 0] == version ? nil : () }
    }

    func observe(_ list: WorkerTaskList, from node: NodeName) async throws -> [TaskID] {
        lastSeen[node] = now()
        complaints[node] = nil
        if state.records.nodes[node]?.presence == .ready, list.tasks.isEmpty, list.removed.isEmpty, !list.complete {
            return []
        }
        return try await write { (transaction) throws(APIError) in try transaction.observe(list, from: node) }
    }

    func observeAnswer(_ report: WorkerTask, from node: NodeName) async throws {
        // Most answers say what was wanted, and the next list says it as well.
        var task = state.records.tasks[report.id]
        // One that contradicts what is known is older than it.
        guard (try? task?.observeAnswer(report, at: moment())) == true else { return }
        try await write { (transaction) throws(APIError) in transaction.observeAnswer(report, from: node) }
    }

    func observeRefusal(_ id: TaskID, placement: Int, on node: NodeName, message: String) async throws {
        try await write { (transaction) throws(APIError) in
            transaction.observeRefusal(id, placement: placement, on: node, message: message)
        }
    }

    /// Takes note of why a worker did not answer.
    func complain(of node: NodeName, _ error: any Error) {
        guard state.records.nodes[node] != nil else { return }
        complaints[node] =
            (error as? APIError)?.message.shortened(to: TextBounds.message)
            ?? "\(error)".shortened(to: TextBounds.message)
    }

    func silence(_ node: NodeName) async throws {
        guard state.records.nodes[node]?.presence != .silent else { return }
        try await write { (transaction) throws(APIError) in try transaction.silence(node) }
    }
}
