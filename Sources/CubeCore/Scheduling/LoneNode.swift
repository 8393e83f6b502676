package import CubeErrors
package import CubeTypes
import HashTreeCollections

/// A standalone worker, which schedules tasks on itself by the same rules as a manager.
package struct LoneNode: Sendable {
    package var traits: NodeTraits
    /// The placed tasks, including tasks that are stopping.
    package var tasks: [TaskAssignment]

    package init(_ traits: NodeTraits, tasks: [TaskAssignment]) {
        self.traits = traits
        self.tasks = tasks
    }

    /// Returns the first placement of a new task of the owner `manual`, in the first free ordinal of the workload.
    ///
    /// - Parameters:
    ///   - definition: a valid definition.
    ///   - attempt: a number that no other task of this cluster has.
    /// - Throws: `conflict` if the worker cannot run the task. A retry can help if other tasks may free resources or ports.
    package func assignment(
        of definition: TaskDefinition, cluster: ClusterID, term: Int, attempt: Int
    ) throws(APIError) -> TaskAssignment {
        let siblings = tasks.filter { $0.definition.name == definition.name }
        let taken = Set(siblings.map(\.ordinal))
        let ports = TreeSet(tasks.flatMap(\.hostPorts))
        let candidate = Candidate(
            traits,
            use: NodeUse(
                reserved: tasks.map(\.definition.resources).reduce(.zero, +), ports: ports, tasks: tasks.count),
            siblings: siblings.count,
            hasNeighbor: tasks.contains { $0.definition.name == definition.network.of })
        if case .infeasible(let cause) = Feasibility(of: Demand(definition, of: .manual), on: [candidate]) {
            throw APIError(
                .conflict, "worker \(traits.name) cannot run \(definition.name): \(cause.message)",
                details: ["reason": cause.reason.rawValue],
                retry: [.noCapacity, .portTaken].contains(cause.reason))
        }
        let ordinal = (0...).first { !taken.contains($0) }!
        let id = TaskID.derive(
            cluster: cluster, owner: .manual, name: definition.name, ordinal: ordinal, attempt: attempt,
            digest: definition.specDigest)
        return TaskAssignment(
            cluster: cluster, term: term, id: id, owner: .manual, ordinal: ordinal, attempt: attempt, placement: 1,
            ports: PortAllocation.allocate(definition.ports, for: id, placement: 1, taken: ports),
            settingsDigest: definition.settingsDigest, definition: definition)
    }
}

extension TaskAssignment {
    fileprivate var hostPorts: [HostPort] {
        definition.ports.compactMap { port in ports[port.name].map { HostPort($0, port.transport) } }
    }
}
