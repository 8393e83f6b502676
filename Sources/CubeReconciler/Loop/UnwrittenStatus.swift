import CubeCore
import CubeSystem
import CubeTypes

/// What plans say of the workloads, until the status files say it.
///
/// The status is written some time after its first change, so that the states that a task passes through while it starts become one
/// write, and the writing does not compete with the start.
struct UnwrittenStatus: Sendable {
    /// The time from a change to its writing.
    private static let delay: Duration = .milliseconds(100)

    /// The time of the first change.
    private var since: Timestamp?
    private var summary: SummaryStatus?
    private var reports: [WorkloadName: WorkloadReport?] = [:]
    /// The workloads whose files stay, if the files of all others are to be removed.
    private var kept: Set<WorkloadName>?

    /// - Parameter isWhole: whether the plan reports every workload, so that files about others are of no use. It is written at once.
    mutating func add(_ plan: Plan, at now: Timestamp, isWhole: Bool = false) {
        since = isWhole ? now + (.zero - Self.delay) : since ?? now
        summary = plan.summary
        reports.merge(plan.reports) { $1 }
        if isWhole { kept = [] }
        kept?.formUnion(plan.reports.filter { $0.value != nil }.keys)
    }

    /// Returns how long the writing may wait; `nil` if there is nothing to write.
    func pause(at now: Timestamp) -> Duration? { since.map { max(.zero, Self.delay - (now - $0)) } }

    func isDue(at now: Timestamp) -> Bool { pause(at: now) == .zero }

    /// Returns everything, and forgets it.
    mutating func take() -> UnwrittenStatus {
        defer { self = UnwrittenStatus() }
        return self
    }

    /// - Returns: The error that prevents writing, which the next writing repeats.
    func write(to files: StatusFiles) async -> FileError? {
        guard let summary else { return nil }
        let problem = await files.write(summary, reports)
        guard let kept else { return problem }
        return await files.keepOnly(kept) ?? problem
    }
}
