import CubeSystem
import CubeTypes

extension ManagerService {
    /// A part of the state whose changes callers wait for.
    enum Topic: Hashable, Sendable {
        /// The tasks of an owner.
        case owner(OwnerName)
        case events
        /// The calls that a node's worker is due.
        case node(NodeName)
        /// The set of nodes and their addresses.
        case fleet
        /// The named volumes.
        case volumes
        /// The drains of nodes, which depend on all tasks and nodes.
        case drains
        /// The endpoints of ready tasks.
        case endpoints
        /// The whole state, and whether the store is full.
        case time
    }

    /// Waits for an answer. Calls `answer` at once and after each ring of the topic. Returns `nil` if the time is up,
    /// the caller is cancelled or the manager ends.
    func wait<Answer: Sendable>(
        for topic: Topic, upTo wait: Duration, until answer: () throws -> Answer?
    ) async throws -> Answer? {
        if let answer = try answer() { return answer }
        guard wait > .zero else { return nil }
        let listener = bells.listen(to: topic)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [clock] in
                // The sleep throws if the answer came first.
                try? await clock.sleep(for: wait)
                listener.bell.close()
            }
            defer {
                group.cancelAll()
                bells.leave(listener)
            }
            for await _ in listener.bell {
                if let answer = try answer() { return answer }
            }
            return nil
        }
    }
}
