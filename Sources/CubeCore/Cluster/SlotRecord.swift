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
    /// Notes in which declared digest's place something is done; `nil` where it is the declared one itself.
    mutating func reject(_ digest: Digest?, at revision: Int) {
        rejected = digest.map { [$0] } ?? []
        rejectedRevision = digest == nil ? nil : revision
    }
}
