import CubeCore
import CubeSystem
import CubeTypes

/// What plans say of the workloads, until the status files say it.
struct UnwrittenStatus: Sendable {
    private var summary: SummaryStatus?
    private var reports: [WorkloadName: WorkloadReport?] = [:]
    /// The workloads whose files stay, if the files of all others are to be removed.
    private var kept: Set<WorkloadName>?

    /// - Parameter isWhole: whether the plan reports every workload, so that files about others are of no use.
    mutating func add(_ plan: Plan, isWhole: Bool = false) {
        summary = plan.summary
        reports.merge(plan.reports) { $1 }
        if isWhole { kept = [] }
        kept?.formUnion(plan.reports.filter { $0.value != nil }.keys)
    }

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

extension Plan {
    /// Whether the status must be written before the actions are carried out: a stop must not happen without a record, and without
    /// actions there is nothing to wait for.
    var mustBeRecordedFirst: Bool { actions.isEmpty || actions.contains { $0.verb == .stop } }
}
