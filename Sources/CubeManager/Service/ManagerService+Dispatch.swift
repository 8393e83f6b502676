import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import HashTreeCollections

/// The interface of the dispatchers.
extension ManagerService {
    /// Returns the registrations of all nodes as soon as they differ from `known`.
    func registrations(
        otherThan known: Set<NodeDispatcher.Registration>
    ) async -> Set<NodeDispatcher.Registration> {
        let changed = await wait(for: .fleet) {
            let present = self.registrations
            return present == known ? nil : present
        }
        return changed ?? registrations
    }

    /// Waits until a node is registered differently, the caller is cancelled or the manager ends.
    func waitWhile(registered registration: NodeDispatcher.Registration) async {
        // It listens to its own node only: if each change of a node woke the waits of all nodes, a fleet would cost the square of its
        // size.
        while isCurrent(registration), !hasEnded, !Task.isCancelled {
            _ = await wait(for: .node(registration.name)) { isCurrent(registration) ? nil : () }
        }
    }

    private func isCurrent(_ registration: NodeDispatcher.Registration) -> Bool {
        state.records.nodes[registration.name].map(NodeDispatcher.Registration.init) == registration
    }

    private var registrations: Set<NodeDispatcher.Registration> {
        Set(state.records.nodes.values.map(NodeDispatcher.Registration.init))
    }

    /// Waits for an answer for at most a day.
    private func wait<Answer: Sendable>(for topic: Topic, until answer: () -> Answer?) async -> Answer? {
        // The closure does not throw, so neither does the wait.
        try? await wait(for: topic, upTo: .seconds(24 * 3600), until: answer)
    }

    /// Returns the calls to make to a node's worker, and a version that changes whenever the calls may have changed.
    func due(on node: NodeName) -> (calls: [WorkerCall], version: Int) {
        (state.dueSubjects(on: node).compactMap { state.call(for: $0, on: node) }, wakes[node, default: 0])
    }

    /// Returns the calls to make to a node's worker about some subjects; none about a subject about which none is due.
    func calls(for subjects: [WorkerCall.Subject], on node: NodeName) -> [WorkerCall] {
        subjects.compactMap { state.call(for: $0, on: node) }
    }

    /// Waits until the due calls may have changed since `version`, but no longer than `limit`.
    func waitForWork(on node: NodeName, otherThan version: Int, upTo limit: Duration) async {
        // The closure does not throw, so neither does the wait.
        _ = try? await wait(for: .node(node), upTo: limit) { wakes[node, default: 0] == version ? nil : () }
    }

    func hasExclusiveTasks(on node: NodeName) -> Bool { state.index.load(of: node).exclusive > 0 }

    /// Records the receipt of a worker's response, which proves to the worker when the manager last heard of it.
    func note(receipt: String?, of node: NodeName) { receipts[node] = receipt }

    func observe(_ list: WorkerTaskList, from node: NodeName) async throws -> [TaskID] {
        lastSeen[node] = now()
        complaints[node] = nil
        if state.records.nodes[node]?.presence == .ready, list.tasks.isEmpty, list.removed.isEmpty, !list.complete {
            return []
        }
        return try await write { (transaction) throws(APIError) in try transaction.observe(list, from: node) }
    }

    /// Takes in the answers of a worker to calls about its tasks.
    func observeAnswers(_ reports: [WorkerTask], from node: NodeName) async throws {
        // Skip the write if the answers change nothing: most answers confirm the request, and the next list repeats
        // them.
        let moment = moment()
        let news = reports.filter { report in
            var task = state.records.tasks[report.id]
            // An answer that contradicts the record is older than the record.
            return (try? task?.observeAnswer(report, at: moment)) == true
        }
        guard !news.isEmpty else { return }
        try await write { (transaction) throws(APIError) in
            for report in news { transaction.observeAnswer(report, from: node) }
        }
    }

    func observeRefusal(_ id: TaskID, placement: Int, on node: NodeName, message: String) async throws {
        try await write { (transaction) throws(APIError) in
            transaction.observeRefusal(id, placement: placement, on: node, message: message)
        }
    }

    /// Records why a worker did not answer.
    func complain(of node: NodeName, _ error: any Error) {
        guard state.records.nodes[node] != nil else { return }
        complaints[node] =
            (error as? APIError)?.message.shortened(to: TextBounds.message)
            ?? "\(error)".shortened(to: TextBounds.message)
    }

    /// Gives a node no further tasks until its worker responds.
    func doubt(_ node: NodeName) async throws {
        guard !state.overdue.contains(node) else { return }
        try await write { (transaction) throws(APIError) in transaction.doubt(node) }
    }

    func silence(_ node: NodeName) async throws {
        let isNews =
            state.records.nodes[node]?.presence != .silent || state.returnWait?.hasPassed(at: moment()) == true
        guard isNews else { return }
        try await write { (transaction) throws(APIError) in try transaction.silence(node) }
    }
}
