package import CubeTypes

/// What is remembered of a slot beyond its tasks.
package struct SlotRecord: Hashable, Codable, Sendable {
    package let slot: SlotKey
    package var status: SlotStatus

    package init(slot: SlotKey) {
        self.slot = slot
        status = SlotStatus(name: slot.name, ordinal: slot.ordinal)
    }

    /// How many digests of completed jobs are remembered.
    static let completedLimit = 256

    mutating func recordEnd(of task: TaskRecord, as outcome: TaskEnd.Outcome, revision: Int) {
        if task.attempt == status.next - 1 {
            status.last = outcome.state
            status.lastDigest = task.specDigest
            status.endedRevision = revision
        }
        guard outcome == .completed, task.definition.kind == .job, !status.completed.contains(task.specDigest)
        else { return }
        status.completed.append(task.specDigest)
        status.completed.removeFirst(max(0, status.completed.count - Self.completedLimit))
    }
}
