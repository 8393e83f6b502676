package import CubeTypes
import HashTreeCollections

/// A call to a worker, with all of its arguments.
package enum WorkerCall: Hashable, Sendable {
    case assign(TaskAssignment)
    case update(TaskID, TaskSettings)
    case stop(TaskID, placement: Int)
    case removeVolume(VolumeKey)

    /// What a call is about. At most one call about a subject is due at a time.
    package enum Subject: Hashable, Sendable, CustomStringConvertible {
        case task(TaskID)
        case volume(VolumeKey)

        package var description: String {
            switch self {
            case .task(let id): "task \(id)"
            case .volume(let key): "volume \(key)"
            }
        }
    }

    package var subject: Subject {
        switch self {
        case .assign(let assignment): .task(assignment.id)
        case .update(let id, _), .stop(let id, _): .task(id)
        case .removeVolume(let key): .volume(key)
        }
    }

    /// The operation of a batch that does the same; `nil` if it has a call of its own.
    package var operation: WorkerOperation? {
        switch self {
        case .assign(let assignment): .assign(assignment)
        case .update(let id, let settings): .update(id, settings)
        case .stop(let id, let placement): .stop(id, placement: placement)
        case .removeVolume: nil
        }
    }

    /// The approximate size on the wire in bytes, without escapes.
    private var approximateSize: Int {
        switch self {
        case .assign(let assignment): assignment.definition.approximateSize
        case .update(_, let settings): settings.definition.approximateSize
        case .stop, .removeVolume: 256
        }
    }

    /// Splits calls into groups: a group is carried out by one request, as a batch if it has several calls.
    ///
    /// - Parameter bytes: the maximum size of a batch in bytes; half of what the worker accepts, as sizes are approximate.
    package static func groups(of calls: [WorkerCall], bytes: Int = 4 << 20) -> [[WorkerCall]] {
        calls.filter { $0.operation != nil }.parts(of: WorkerBatch.maximum, bytes: bytes, size: \.approximateSize)
            + calls.filter { $0.operation == nil }.map { [$0] }
    }
}

extension ClusterState {
    /// Whether a former task of a slot still runs on a node that was forgotten and has come back.
    private func hasStray(of slot: SlotKey, on node: NodeName) -> Bool {
        (strays[node] ?? [:]).keys.contains { records.tasks[$0]?.slot == slot }
    }

    /// Whether a task may not start yet, because it may still run where it was placed before.
    private func mustWait(_ task: TaskRecord) -> Bool {
        if task.definition.exclusive { return hasRival(task) }
        // A job never runs twice at a time, unless its manifest says that it need not wait for a silent node.
        return task.definition.kind == .job
            && task.leaving.contains { former in
                records.nodes[former.node].map { $0.presence != .silent || task.definition.onLost == .wait } ?? false
            }
    }

    /// Whether another instance of an exclusive slot may be alive. On a node that is silent, it has been killed in time.
    private func hasRival(_ task: TaskRecord) -> Bool {
        // Until all nodes have listed their tasks, a restored store may not know which instances are alive.
        if records.counters.restoredAt != nil { return true }
        func mayRun(_ other: TaskRecord, on node: NodeName) -> Bool {
            guard let presence = records.nodes[node]?.presence else { return false }
            return presence != .silent || !other.definition.exclusive
        }
        let attempts = (index.attempts[task.slot] ?? []).compactMap { records.tasks[$0] }
        return attempts.contains { other in
            other.leaving.contains { mayRun(other, on: $0.node) }
                || other.id != task.id
                    && (other.phase.placement.map { placement in
                        (other.attempt < task.attempt || placement.report != nil) && mayRun(other, on: placement.node)
                    } ?? false)
        }
            || strays.contains { node, ids in
                node != task.phase.placement?.node
                    && attempts.contains { ids[$0.id] != nil && mayRun($0, on: node) }
            }
    }

    /// Returns the tasks about which the worker of a node must be called: first the strays, sorted by id, then the other tasks,
    /// oldest first.
    package func due(on node: NodeName) -> [TaskID] {
        let due = (index.loads[node]?.due ?? []).sorted {
            (records.tasks[$0]?.createdRevision ?? 0, $0) < (records.tasks[$1]?.createdRevision ?? 0, $1)
        }
        return (strays[node]?.keys.sorted() ?? []) + due
    }

    /// Returns everything about which the worker of a node must be called: the tasks, as in ``due(on:)``, then the volumes to remove.
    package func dueSubjects(on node: NodeName) -> [WorkerCall.Subject] {
        due(on: node).map { .task($0) } + (index.removals[node] ?? []).sorted().map { .volume($0) }
    }

    /// Returns the call about a subject that the worker of a node must receive now; `nil` if no call is due.
    package func call(for subject: WorkerCall.Subject, on node: NodeName) -> WorkerCall? {
        switch subject {
        case .task(let id): call(for: id, on: node)
        case .volume(let key): index.removals[node]?.contains(key) == true ? .removeVolume(key) : nil
        }
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
        case .assign where mustWait(task): nil
        // Two programs would write to one volume.
        case .assign where !task.volumes.isEmpty && hasStray(of: task.slot, on: node): nil
        case .assign:
            .assign(
                TaskAssignment(
                    cluster: cluster, term: term, id: id, owner: task.slot.owner, ordinal: task.slot.ordinal,
                    attempt: task.attempt, placement: placement.number, ports: placement.ports,
                    addresses: placement.addresses,
                    existingVolumes: task.volumes.filter { records.volumes[$0]?.hasData == true }.map(\.name),
                    settingsDigest: task.settingsDigest, definition: task.definition))
        case .update:
            .update(
                id,
                TaskSettings(
                    cluster: cluster, term: term, placement: placement.number, settingsDigest: task.settingsDigest,
                    definition: task.definition.withoutContents))
        }
    }
}
