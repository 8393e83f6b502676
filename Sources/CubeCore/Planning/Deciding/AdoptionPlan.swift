package import CubeTypes

/// Which tasks an owner takes over from another one for a workload, and how many of its tasks may live then.
package struct AdoptionPlan: Hashable, Sendable {
    package enum Refusal: Error, Hashable {
        /// The other owner has no live task of the workload.
        case nothingToAdopt
        /// The owner has so many live tasks already that it would stop the others at once.
        case tooMany(live: Int, wanted: Int, more: Int)
    }

    /// What happens to an adopted task.
    package enum Fate: Hashable, Sendable {
        /// It is as its manifest says, and runs on.
        case runsOn
        /// It differs from its manifest, and is replaced.
        case isReplaced
        /// No manifest declares it, so it is held as it is.
        case isHeld
    }

    /// The tasks to take over.
    package let tasks: [TaskStatus]
    /// The limit of live tasks that every request carries.
    package let maxLive: Int
    private let declaredDigest: Digest?

    /// - Parameters:
    ///   - candidates: the tasks of the workload that the other owner has.
    ///   - own: the tasks of the workload that the owner has.
    ///   - declared: the status of the workload, as its reconciler wrote it; `nil` if there is none.
    package init(
        candidates: [TaskStatus], own: [TaskStatus], declared: WorkloadStatus?
    ) throws(Refusal) {
        tasks = candidates.filter(\.isAdoptable)
        guard !tasks.isEmpty else { throw .nothingToAdopt }
        let live = own.count { !$0.state.hasEnded }
        declaredDigest = declared?.desiredDigest
        // A workload that no manifest declares yet may have any number of replicas.
        let replicas = declaredDigest == nil ? nil : declared?.replicas.desired
        maxLive = replicas ?? live + tasks.count
        guard live + tasks.count <= maxLive else {
            throw .tooMany(live: live, wanted: maxLive, more: tasks.count)
        }
    }

    /// What happens to a task that was adopted.
    ///
    /// - Parameter key: the key under which statuses show digests; `nil` if they show them as they are.
    package func fate(of adopted: TaskStatus, digestKey key: DigestKey?) -> Fate {
        guard let declaredDigest else { return .isHeld }
        return declaredDigest == key?.keyed(adopted.specDigest) ?? adopted.specDigest ? .runsOn : .isReplaced
    }
}

extension TaskStatus {
    /// Whether there is something of it to take over.
    package var isAdoptable: Bool { !state.hasEnded && state != .stopping }
}
