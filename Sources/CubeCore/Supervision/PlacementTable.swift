package import CubeTypes

/// All placements of a worker, and the rules that make a worker safe: which calls it accepts, in which order it acts, and what it may
/// forget.
///
/// The table decides and performs no I/O. Each call and each event is a method that returns the orders to carry out; an empty list
/// means that nothing changes. A record counts only once the worker has put it into the table with ``put(_:)``, which it does after
/// writing the record, so a decision that could not be written leaves no trace. A worker that restarts fills a new table with the
/// records that it finds.
///
/// Every record has the sequence number of its last change, so that a manager can ask for the changes since a number.
package struct PlacementTable: Sendable {
    /// Identifies this table; sequence numbers have a meaning only within it.
    package let incarnation: String
    /// The membership that counts.
    package private(set) var membership: WorkerMembership
    /// The membership that the next worker will find.
    package private(set) var storedMembership: WorkerMembership

    private var rows: [TaskID: (record: WorkerRecord, sequence: Int)] = [:]
    /// The changes in order of their numbers, so that listing the changes does not visit all rows. A task that changed again is in
    /// it more than once.
    private var changed: [(sequence: Int, id: TaskID)] = []
    /// The tasks that were forgotten and that the manager was not told of yet, with the numbers of those changes.
    private var removed: [TaskID: Int] = [:]
    /// The tasks by the ids of their definitions.
    package private(set) var keyed: [String: TaskID] = [:]
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

    // MARK: What was carried out

    package mutating func put(_ record: WorkerRecord) {
        sequence += 1
        rows[record.id] = (record, sequence)
        if let key = record.key { keyed[key] = record.id }
        removed[record.id] = nil
        changed.append((sequence, record.id))
        if changed.count > 2 * rows.count { changed.removeAll { rows[$0.id]?.sequence != $0.sequence } }
    }

    package mutating func remove(_ id: TaskID) {
        sequence += 1
        if let key = rows[id]?.record.key, keyed[key] == id { keyed[key] = nil }
        rows[id] = nil
        removed[id] = sequence
    }

    /// Lets a membership count.
    ///
    /// - Parameter isStored: whether the next worker will find it.
    package mutating func join(_ membership: WorkerMembership, isStored: Bool) {
        self.membership = membership
        if isStored { storedMembership = membership }
    }

    // MARK: What the manager knows

    /// The records that changed after a number, by id; all records if the number is `nil`.
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

    /// The manager has stored all changes up to `since`, and asks for what follows. A number of another incarnation, or one that was
    /// never reached, acknowledges nothing.
    package mutating func acknowledge(_ since: Int?, of incarnation: String?) -> ListAnswer {
        guard let since, incarnation == self.incarnation, (0...sequence).contains(since) else { return .everything }
        acknowledge(since)
        return since == sequence ? .wait(after: since) : .changes(after: since)
    }

    private mutating func acknowledge(_ since: Int) {
        acknowledged = max(acknowledged, since)
        removed = removed.filter { $0.value > since }
    }

    /// Whether the manager knows the present record. A worker that stands alone has no manager that could miss it.
    private func isKnownToManager(_ record: WorkerRecord) -> Bool {
        membership.isAlone || rows[record.id].map { $0.sequence <= acknowledged } ?? true
    }

    // MARK: Forgetting

    /// The tasks that have ended and whose end the manager knows. Their directories may be removed when the disk is full.
    package var acknowledgedEnds: [WorkerRecord] { records.filter { $0.endedAt != nil && isKnownToManager($0) } }

    /// Those of ``acknowledgedEnds`` that ended long enough ago to be forgotten.
    package func forgettable(at now: DurableInstant) -> [WorkerRecord] {
        acknowledgedEnds.filter { record in record.endedAt.map { now.since($0) >= Retention.output } ?? false }
    }

    /// Drops the list of forgotten tasks if the worker stands alone, as no manager will ask for it.
    package mutating func finishForgetting() { if membership.isAlone { acknowledge(sequence) } }
}
