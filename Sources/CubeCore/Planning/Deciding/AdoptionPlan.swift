package import CubeTypes

/// The tasks of a workload that one owner takes over from another owner, and the number of live tasks that the workload may then
/// have.
package struct AdoptionPlan: Hashable, Sendable {
    package enum Refusal: Error, Hashable {
        /// The other owner has no live task of the workload.
        case nothingToAdopt
        /// The adopting owner would have more live tasks than its manifest declares, and would stop the surplus tasks at once.
        case tooMany(live: Int, wanted: Int, more: Int)
    }

    /// What happens to a task after its adoption.
    package enum Fate: Hashable, Sendable {
        /// The task matches its manifest, and runs on.
        case runsOn
        /// The task differs from its manifest, and is replaced.
        case isReplaced
        /// No manifest declares the task, so it is left unchanged.
        case isHeld
    }

    /// The tasks to take over.
    package let tasks: [TaskStatus]
    /// The limit on live tasks that every request carries.
    package let maxLive: Int
    private let declaredDigest: Digest?

    /// - Parameters:
    ///   - candidates: the other owner's tasks of the workload.
    ///   - own: the adopting owner's tasks of the workload.
    ///   - declared: the status that the reconciler wrote for the workload; `nil` if there is none.
    package init(
        candidates: [TaskStatus], own: [TaskStatus], declared: WorkloadStatus?
    ) throws(Refusal) {
        tasks = candidates.filter(\.isAdoptable)
        guard !tasks.isEmpty else { throw .nothingToAdopt }
        let live = own.count { !$0.state.hasEnded }
        declaredDigest = declared?.desiredDigest
        // The number of replicas is not limited while no manifest declares the workload.
        let replicas = declaredDigest == nil ? nil : declared?.replicas.desired
        maxLive = replicas ?? live + tasks.count
        guard live + tasks.count <= maxLive else {
            throw .tooMany(live: live, wanted: maxLive, more: tasks.count)
        }
    }

    /// Returns what happens to a task after its adoption.
    ///
    /// - Parameter key: the key of the digests in statuses; `nil` if statuses contain plain digests.
    package func fate(of adopted: TaskStatus, digestKey key: DigestKey?) -> Fate {
        guard let declaredDigest else { return .isHeld }
        return declaredDigest == key?.keyed(adopted.specDigest) ?? adopted.specDigest ? .runsOn : .isReplaced
    }
}

extension TaskStatus {
    /// Whether the task can be adopted: it has not ended and is not stopping.
    package var isAdoptable: Bool { !state.hasEnded && state != .stopping }
}
