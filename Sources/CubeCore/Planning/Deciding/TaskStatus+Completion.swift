import CubeTypes

extension [TaskStatus] {
    /// Whether these tasks of one workload are those of a completed job. A restart concerns running tasks, so it does not run such a
    /// job again; only a retry does (see ``SlotRules``).
    ///
    /// - Parameter declared: the status that the reconciler wrote for the workload; `nil` if there is none. It may be older than the
    ///   tasks.
    package func isCompletedJob(declared: WorkloadStatus?) -> Bool {
        guard declared?.kind ?? .job == .job, allSatisfy(\.state.hasEnded) else { return false }
        if let declared, declared.isCompletedJob { return true }
        let last = Dictionary(grouping: self, by: \.ordinal).values.compactMap { $0.max { $0.attempt < $1.attempt } }
        return !last.isEmpty && last.count >= declared?.replicas.desired ?? 1
            && last.allSatisfy { $0.definition.kind == .job && $0.state == .completed }
    }
}
