package import CubeErrors
package import CubeTypes
import HashTreeCollections

// MARK: - Binding

extension ClusterTransaction {
    /// Binds the volumes of a task to the node on which the task is placed. A volume that is bound already is on this node.
    mutating func bindVolumes(of task: TaskRecord, to node: NodeName) {
        for key in task.volumes where state.records.volumes[key] == nil {
            put(VolumeRecord(key: key, node: node, createdAt: now))
            emit(.volumeCreated, key, on: node)
        }
    }
}

extension ClusterTransaction {
    /// Records that the volumes of a task have data, if a run of the task has started.
    mutating func observeData(of task: TaskRecord) {
        guard let report = task.report, report.startedAt != nil else { return }
        for key in task.volumes {
            guard var volume = state.records.volumes[key], !volume.hasData, volume.node == task.lastPlacement?.node
            else {
                continue
            }
            volume.hasData = true
            put(volume)
        }
    }
}

// MARK: - After a restore

extension ClusterState {
    /// How long nodes that joined after the backup have to join again. Until then, a volume without a record may be on one of them.
    private static let rejoinTime: Duration = .seconds(60)

    /// Returns why a task with volumes must wait although it fits; `nil` if it need not.
    ///
    /// A restored backup lacks the records of the volumes that were created after it. Placing a task with such a volume before its
    /// node has reported it would start the task with an empty volume instead of its data.
    func recoveryCause(for demand: Demand) -> PendingCause? {
        guard records.counters.restoredAt != nil,
            let volume = demand.volumes.first(where: { records.volumes[$0] == nil })
        else { return nil }
        let place =
            unlistedNodes.first.map {
                "node \($0), which has not listed its volumes since; the task waits until this node has done so or is forgotten"
            } ?? "a node that joined after the backup; the task waits up to \(Self.rejoinTime.text) for such nodes"
        return PendingCause(
            reason: .volumeUnavailable,
            message: "the manager's store was restored from a backup, and volume \(volume.name) may be on \(place)")
    }

    /// Whether each volume without a record counts as new again: all nodes have listed their volumes since the restore, and nodes
    /// that joined after the backup had time to join again.
    func isRecovered(at moment: DurableInstant) -> Bool { untilRecovered(at: moment) == .zero }

    /// The time until ``isRecovered(at:)``; `nil` if nothing was restored, or a node has not listed its volumes yet.
    func untilRecovered(at moment: DurableInstant) -> Duration? {
        guard let restoredAt = records.counters.restoredAt, unlistedNodes.isEmpty else { return nil }
        return DurableDeadline(Self.rejoinTime, from: restoredAt).remaining(at: moment)
    }

    private var unlistedNodes: [NodeName] { records.nodes.keys.filter { !listed.contains($0) }.sorted() }
}

extension ClusterTransaction {
    /// Lets tasks with new volumes be placed again, if all nodes have listed theirs since a restore.
    mutating func endRecovery() {
        guard state.isRecovered(at: moment) else { return }
        count { $0.restoredAt = nil }
        advance()
        // Exclusive tasks may have waited.
        nodesToWake.formUnion(state.records.nodes.keys)
        mayPlacePending = true
    }

    /// Records the volumes of a node that have no record.
    mutating func observe(_ volumes: [VolumeKey], on node: NodeName) {
        state.listed.insert(node)
        let found = Set(volumes).filter { state.records.volumes[$0] == nil }
        guard !found.isEmpty else { return }
        advance()
        for key in found.sorted() {
            put(VolumeRecord(key: key, node: node, hasData: true, createdAt: now))
            emit(.volumeFound, key, on: node)
        }
        mayPlacePending = true
    }
}

// MARK: - Removing

extension ClusterTransaction {
    /// Requests the removal of a volume and its data. The worker of its node is called until it confirms the removal. Requesting it
    /// again changes nothing.
    ///
    /// - Parameters:
    ///   - node: the node that the caller expects to have the volume; `nil` for any node.
    ///   - isGone: whether only the record is dropped, because the node will not come back. The data stay where they are.
    /// - Throws: `volume_not_found`; `conflict` if a task uses the volume, if the volume is on another node, if its node is silent,
    ///   or, for a node that is gone, if it is not silent; `storage_full`.
    package mutating func remove(
        _ key: VolumeKey, from node: NodeName? = nil, isGone: Bool = false
    ) throws(APIError) {
        guard var volume = state.records.volumes[key] else {
            throw APIError(.volumeNotFound, "volume \(key.name) of owner \(key.owner): not found")
        }
        if let node, node != volume.node { throw APIError(.conflict, "\(volume.place), not on node \(node)") }
        try requireUnused(volume, byPlacedTasksOnly: isGone)
        let presence = state.records.nodes[volume.node]?.presence
        if isGone {
            guard presence == nil || presence == .silent else {
                throw APIError(
                    .conflict, "\(volume.place), which responds; remove the volume with its data instead of its record")
            }
            try requireRoom()
            advance()
            drop(volume)
            return
        }
        guard presence == .ready else {
            let state = presence == nil ? "not part of the cluster" : "silent"
            throw APIError(
                .conflict,
                "\(volume.place), which is \(presence == .joining ? "joining" : state); nothing was removed",
                details: ["node": "\(volume.node)"])
        }
        guard !volume.isRemoving else { return }
        try requireRoom()
        volume.isRemoving = true
        advance()
        put(volume)
        emit(.volumeRemoving, key, on: volume.node)
    }

    /// Drops the record of a volume after the worker of its node confirmed that the volume is gone.
    package mutating func observeRemoved(_ key: VolumeKey, on node: NodeName) {
        guard let volume = state.records.volumes[key], volume.isRemoving, volume.node == node else { return }
        advance()
        drop(volume)
    }

    /// - Throws: `conflict`, which names the first of the tasks that use a volume.
    private func requireUnused(_ volume: VolumeRecord, byPlacedTasksOnly: Bool) throws(APIError) {
        let users = state.users(of: volume.key).filter { !byPlacedTasksOnly || $0.phase.placement != nil }
        guard let first = users.first else { return }
        let others = users.count > 1 ? " and \(Count(users.count - 1, "other task"))" : ""
        throw APIError(
            .conflict,
            "volume \(volume.key.name) is used by task \(first.slot.name)/\(first.slot.ordinal)\(others); "
                + "nothing was removed",
            details: ["task": "\(first.id)"])
    }

    private mutating func drop(_ volume: VolumeRecord) {
        state.records.volumes[volume.key] = nil
        changes.volumes[volume.key] = .some(nil)
        if volume.isRemoving { state.index.set(volume, removing: false) }
        // Tasks may wait for the removal.
        mayPlacePending = true
        emit(.volumeRemoved, volume.key, on: volume.node)
    }

    /// Stores a volume at the current revision.
    private mutating func put(_ volume: VolumeRecord) {
        var volume = volume
        volume.revision = revision
        state.records.volumes[volume.key] = volume
        changes.volumes[volume.key] = .some(volume)
        state.index.set(volume, removing: volume.isRemoving)
        if volume.isRemoving { nodesToWake.insert(volume.node) }
    }
}

// MARK: - Looking

extension ClusterState {
    /// Returns the tasks that use a volume and have not ended, sorted by slot and attempt.
    package func users(of key: VolumeKey) -> [TaskRecord] {
        (index.volumeUsers[key] ?? []).compactMap { records.tasks[$0] }
            .sorted { ($0.slot, $0.attempt) < ($1.slot, $1.attempt) }
    }

    /// - Parameter message: why the node has not removed the volume yet, which is not part of the state.
    package func info(of volume: VolumeRecord, message: String? = nil) -> VolumeInfo {
        VolumeInfo(
            owner: volume.key.owner, name: volume.key.name, node: volume.node,
            state: volume.isRemoving ? .removing : .ready, message: volume.isRemoving ? message : nil,
            tasks: users(of: volume.key).map { task in
                var summary = TaskSummary(task.status)
                summary.name = task.slot.name
                return summary
            }, createdAt: volume.createdAt, revision: volume.revision)
    }
}

extension TaskRecord {
    /// The named volumes of the task, sorted.
    var volumes: [VolumeKey] { definition.volumeNames.map { VolumeKey(owner: slot.owner, name: $0) } }
}
