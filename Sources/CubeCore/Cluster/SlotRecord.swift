package import CubeTypes

/// The record of a slot. It outlives the tasks of the slot.
package struct SlotRecord: Hashable, Codable, Sendable {
    package let slot: SlotKey
    package var status: SlotStatus

    package init(slot: SlotKey) {
        self.slot = slot
        status = SlotStatus(name: slot.name, ordinal: slot.ordinal)
    }

    /// The maximum number of digests of completed jobs that are kept.
    static let completedLimit = 256

    mutating func recordHealth(of task: TaskRecord) {
        status.healthyDigest = task.specDigest
        status.healthyAttempt = task.attempt
    }

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

extension SlotStatus {
    /// Records the declared digest that a rollout gave up and in whose place the slot runs another definition; `nil` if the slot
    /// runs the declared definition.
    mutating func reject(_ digest: Digest?, at revision: Int) {
        rejected = digest.map { [$0] } ?? []
        rejectedRevision = digest == nil ? nil : revision
    }
}
