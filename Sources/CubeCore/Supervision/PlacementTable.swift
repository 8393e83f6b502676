package import CubeTypes

/// All placements of a worker, and the rules that make a worker safe: which calls it accepts, in which order it acts, and when
/// it may forget a task.
///
/// The table decides and performs no I/O. Each call and each event is a method that returns the orders to carry out; an empty
/// list means that nothing changes. A record takes effect only when the worker puts it into the table with ``put(_:)``, after
/// writing the record to disk, so a decision that could not be written leaves no trace. A worker that restarts fills a new
/// table with the records on disk.
///
/// Every record has the sequence number of its last change, so that a manager can ask for the changes since a number.
package struct PlacementTable: Sendable {
    /// The identity of this table. Sequence numbers have a meaning only within one table.
    package let incarnation: String
    /// The membership in effect.
    package private(set) var membership: WorkerMembership
    /// The membership on disk, which a restarted worker will find.
    package private(set) var storedMembership: WorkerMembership

    private var rows: [TaskID: (record: WorkerRecord, sequence: Int)] = [:]
    /// The changes in the order of their numbers, so that listing the changes does not visit all rows. A task that changed
    /// several times has several entries.
    private var changed: [(sequence: Int, id: TaskID)] = []
    /// The forgotten tasks that the manager does not know about yet, with the sequence numbers of their removal.
    private var removed: [TaskID: Int] = [:]
    /// The tasks by the ids in their definitions.
    package private(set) var keyed: [String: TaskID] = [:]
    /// The tasks that use the network of another task, by that task.
    private(set) var networkUsers: [TaskID: Set<TaskID>] = [:]
    /// The manager has stored all changes up to this number.
    private var acknowledged = 0
    package private(set) var sequence = 0

    package init(incarnation: String, membership: WorkerMembership = WorkerMembership()) {
        self.incarnation = incarnation
        self.membership = membership
        storedMembership = membership
    }

    package subscript(id: TaskID) -> WorkerRecord? { rows[id]?.record }

    /// All records, by id.
    package var records: [WorkerRecord] { rows.sorted { $0.key < $1.key }.map(\.value.record) }

    /// The placement of a task; `nil` if the task is unknown or has a tombstone.
    package func placement(_ id: TaskID) -> SupervisedPlacement? {
        if case .placement(let placement) = self[id] { placement } else { nil }
    }

    /// The placement that a run belongs to; `nil` if another placement of the task has replaced it.
    package func placement(of run: RunIdentity) -> SupervisedPlacement? {
        placement(run.task).flatMap { $0.assignment.placement == run.placement ? $0 : nil }
    }

    // MARK: Recording

    package mutating func put(_ record: WorkerRecord) {
        sequence += 1
        forgetNetwork(of: rows[record.id]?.record)
        rows[record.id] = (record, sequence)
        if let holder = record.networkHolder { networkUsers[holder.task, default: []].insert(record.id) }
        if let key = record.key { keyed[key] = record.id }
        removed[record.id] = nil
        changed.append((sequence, record.id))
        if changed.count > 2 * rows.count { changed.removeAll { rows[$0.id]?.sequence != $0.sequence } }
    }

    package mutating func remove(_ id: TaskID) {
        sequence += 1
        forgetNetwork(of: rows[id]?.record)
        if let key = rows[id]?.record.key, keyed[key] == id { keyed[key] = nil }
        rows[id] = nil
        removed[id] = sequence
    }

    private mutating func forgetNetwork(of record: WorkerRecord?) {
        guard let record, let holder = record.networkHolder else { return }
        networkUsers[holder.task]?.remove(record.id)
        if networkUsers[holder.task]?.isEmpty == true { networkUsers[holder.task] = nil }
    }

    /// Puts a membership into effect.
    ///
    /// - Parameter isStored: whether it is on disk, so that a restarted worker will find it.
    package mutating func join(_ membership: WorkerMembership, isStored: Bool) {
        self.membership = membership
        if isStored { storedMembership = membership }
    }

    // MARK: Reporting to the manager

    /// Returns the records that changed after a sequence number, by id; all records if the number is `nil`.
    package func changes(after since: Int?) -> (records: [WorkerRecord], removed: [TaskID]) {
        guard let since else { return (records, []) }
        var records: [WorkerRecord] = []
        for (sequence, id) in changed.reversed() {
            if sequence <= since { break }
            if let row = rows[id], row.sequence == sequence { records.append(row.record) }
        }
        return (records.sorted { $0.id < $1.id }, removed.filter { $0.value > since }.keys.sorted())
    }

    /// The answer to a manager that asks for changes.
    package enum ListAnswer: Hashable, Sendable {
        /// Send all records.
        case everything
        /// Send the changes after the number.
        case changes(after: Int)
        /// Nothing has changed since the number: wait for a change, then send the changes after the number.
        case wait(after: Int)
    }

    /// Handles a query of the manager, which has stored all changes up to `since` and asks for later ones. A number of another
    /// incarnation, or one that was never reached, acknowledges nothing.
    package mutating func acknowledge(_ since: Int?, of incarnation: String?) -> ListAnswer {
        guard let since, incarnation == self.incarnation, (0...sequence).contains(since) else { return .everything }
        acknowledge(since)
        return since == sequence ? .wait(after: since) : .changes(after: since)
    }

    private mutating func acknowledge(_ since: Int) {
        acknowledged = max(acknowledged, since)
        removed = removed.filter { $0.value > since }
    }

    /// Whether the manager knows the current record of the task. Always true for a standalone worker, which has no manager.
    private func isKnownToManager(_ record: WorkerRecord) -> Bool {
        membership.isAlone || rows[record.id].map { $0.sequence <= acknowledged } ?? true
    }

    // MARK: Forgetting

    /// The records of tasks that have ended and whose end the manager knows. Their directories may be removed when the disk is
    /// full.
    package var acknowledgedEnds: [WorkerRecord] { records.filter { $0.endedAt != nil && isKnownToManager($0) } }

    /// The records in ``acknowledgedEnds`` of tasks that ended long enough ago to be forgotten.
    package func forgettable(at now: DurableInstant) -> [WorkerRecord] {
        acknowledgedEnds.filter { record in record.endedAt.map { now.since($0) >= Retention.output } ?? false }
    }

    /// Drops the list of forgotten tasks if the worker is standalone, because no manager will ask for it.
    package mutating func finishForgetting() { if membership.isAlone { acknowledge(sequence) } }
}
