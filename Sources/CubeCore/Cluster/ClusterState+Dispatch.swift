package import CubeTypes
import HashTreeCollections

/// A call to a worker, with all of its arguments.
package enum WorkerCall: Hashable, Sendable {
    case assign(TaskAssignment)
    case update(TaskID, TaskSettings)
    case stop(TaskID, placement: Int)

    package var task: TaskID {
        switch self {
        case .assign(let assignment): assignment.id
        case .update(let id, _), .stop(let id, _): id
        }
    }
}

extension ClusterState {
    /// Returns the tasks about which the worker of a node must be called: first the strays, sorted by id, then the other tasks,
    /// oldest first.
    package func due(on node: NodeName) -> [TaskID] {
        let due = (index.loads[node]?.due ?? []).sorted {
            (records.tasks[$0]?.createdRevision ?? 0, $0) < (records.tasks[$1]?.createdRevision ?? 0, $1)
        }
        return (strays[node]?.keys.sorted() ?? []) + due
    }

    /// Returns the call about a task that the worker of a node must receive now; `nil` if no call is due.
    package func call(for id: TaskID, on node: NodeName) -> WorkerCall? {
        if let placement = strays[node]?[id] { return .stop(id, placement: placement) }
        guard let task = records.tasks[id], let placement = task.phase.placement, placement.node == node else {
            return nil
        }
        return switch task.dueCall {
        case nil: nil
        case .stop: .stop(id, placement: placement.number)
        case .assign:
            .assign(
                TaskAssignment(
                    cluster: cluster, term: term, id: id, owner: task.slot.owner, ordinal: task.slot.ordinal,
                    attempt: task.attempt, placement: placement.number, ports: placement.ports,
                    addresses: placement.addresses, settingsDigest: task.settingsDigest, definition: task.definition))
        case .update:
            .update(
                id,
                TaskSettings(
                    cluster: cluster, term: term, placement: placement.number, settingsDigest: task.settingsDigest,
                    definition: task.definition.withoutContents))
        }
    }
}
