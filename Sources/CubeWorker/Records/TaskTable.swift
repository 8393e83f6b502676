import CubeTypes

/// The records that a worker holds, each with the number of its last change, so that a manager can ask for what is new.
struct TaskTable {
    private var rows: [TaskID: (record: WorkerRecord, sequence: Int)] = [:]
    /// What changed at which number, in this order, so that nobody looks at all rows for those that are new; a task that
    /// changed again since is in it more than once.
    private var changed: [(sequence: Int, id: TaskID)] = []
    /// Forgotten tasks that the manager was not told of yet, and the numbers of that.
    private var removed: [TaskID: Int] = [:]
    /// The tasks whose definitions have an id, by it.
    private(set) var keyed: [String: TaskID] = [:]
    /// Up to here the manager has stored what it was told.
    private var acknowledged = 0
    private(set) var sequence = 0

    subscript(id: TaskID) -> WorkerRecord? { rows[id]?.record }

    /// All records, by id.
    var records: [WorkerRecord] { rows.sorted { $0.key < $1.key }.map(\.value.record) }

    mutating func put(_ record: WorkerRecord) {
        sequence += 1
        rows[record.id] = (record, sequence)
        if let key = record.key { keyed[key] = record.id }
        removed[record.id] = nil
        changed.append((sequence, record.id))
        if changed.count > 2 * rows.count { changed.removeAll { rows[$0.id]?.sequence != $0.sequence } }
    }

    mutating func remove(_ id: TaskID) {
        sequence += 1
        if let key = rows[id]?.record.key, keyed[key] == id { keyed[key] = nil }
        rows[id] = nil
        removed[id] = sequence
    }

    /// What changed after a number, by id; everything without one.
    func changes(after since: Int?) -> (records: [WorkerRecord], removed: [TaskID]) {
        guard let since else { return (records, []) }
        var records: [WorkerRecord] = []
        for (sequence, id) in changed.reversed() {
            if sequence <= since { break }
            if let row = rows[id], row.sequence == sequence { records.append(row.record) }
        }
        return (records.sorted { $0.id < $1.id }, removed.filter { $0.value > since }.keys.sorted())
    }

    /// The manager has stored all changes up to a number.
    mutating func acknowledge(_ since: Int) {
        acknowledged = max(acknowledged, since)
        removed = removed.filter { $0.value > since }
    }

    /// Whether the manager knows the present record.
    func isAcknowledged(_ id: TaskID) -> Bool { rows[id].map { $0.sequence <= acknowledged } ?? true }
}
