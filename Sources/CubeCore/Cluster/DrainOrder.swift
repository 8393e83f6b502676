package import CubeTypes

/// The order to move the tasks of a node to other nodes. It is stored, and ends when the node is uncordoned.
package struct DrainOrder: Hashable, Codable, Sendable {
    /// The time from which jobs are evicted too; `nil` if every job runs to its end.
    package var jobsFrom: DurableDeadline?
    /// Whether ``jobsFrom`` has passed.
    package var evictsJobs: Bool
    /// Whether no task was left on the node. The history then contains the end of the drain.
    package var isDone = false

    package init(_ request: DrainRequest, at moment: DurableInstant) {
        jobsFrom = request.jobsAfter.map { DurableDeadline($0, from: moment) }
        evictsJobs = jobsFrom?.hasPassed(at: moment) ?? false
    }

    func isDue(at moment: DurableInstant) -> Bool { untilJobsAreEvicted(at: moment) == .zero }

    /// The time until jobs are evicted too; `nil` if they never are, or are already.
    func untilJobsAreEvicted(at moment: DurableInstant) -> Duration? {
        evictsJobs ? nil : jobsFrom?.remaining(at: moment)
    }
}
