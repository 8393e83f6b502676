package import CubeTypes

/// What the cluster knows about a name, from the tasks and slot records of the manager.
///
/// The reconciler has no memory of its own. The source attaches to each task what the reconciler must know about a name whose
/// manifest is gone or unreadable (``Declaration``), and the manager stores it. A reconciler that starts on any machine therefore
/// decides as its predecessor did. A name without tasks needs no memory, because it has nothing to prune.
package struct KnownName: Hashable, Sendable {
    /// The files that declare its live tasks. Without a live task: the file of the task that ended last, unless the name was
    /// proved to be gone since.
    package var files: Set<BytePath> = []
    /// Whether the name has a live task.
    package var lives = false
    /// Whether the owner's current source declared any of its live tasks.
    package var isDeclared: Bool
    /// The dependencies of its tasks, sorted.
    package var dependencies: [WorkloadName] = []
    /// Whether the owner's current source declared all tasks that a prune would stop.
    package var isOwn = true
    /// Whether all tasks that a prune would stop may be stopped when their manifest disappears.
    package var mayPrune = true

    package init(files: Set<BytePath> = [], lives: Bool = false) {
        self.files = files
        self.lives = lives
        isDeclared = lives
    }
}

extension KnownName {
    /// - Parameter claimedRevision: the revision at which the owner was bound to its current source. Declarations at this
    ///   revision or before belong to another source.
    init(_ workload: ObservedWorkload, claimedRevision: Int) {
        let live = workload.live
        let telling = live.isEmpty ? [workload.history].compactMap(\.self) : live
        self.init(files: Set(telling.compactMap { $0.source.map(BytePath.init(text:)) }), lives: !live.isEmpty)
        isDeclared = live.contains { $0.declaredRevision ?? 0 > claimedRevision }
        dependencies = Set(telling.flatMap(\.dependencies)).sorted()
        let staying = live.filter { !$0.isStopping }
        isOwn = staying.allSatisfy { $0.declaredRevision ?? 0 > claimedRevision }
        mayPrune = staying.allSatisfy { $0.prune ?? true }
    }
}

extension ObservedWorkload {
    /// The newest ended task, among the slots that were not withdrawn since their last task ended.
    fileprivate var history: TaskStatus? {
        tasks.values.filter { $0.state.hasEnded && slots[$0.ordinal]?.endCounts ?? false }
            .max { ($0.createdRevision, $0.id) < ($1.createdRevision, $1.id) }
    }

    /// Returns the slots to withdraw once the name is proved to be gone and has no live task, sorted by ordinal.
    func withdrawals(of name: WorkloadName) -> [WithdrawnSlot] {
        slots.values.filter(\.endCounts).map { WithdrawnSlot(name: name, ordinal: $0.ordinal) }
            .sorted { $0.ordinal < $1.ordinal }
    }
}
