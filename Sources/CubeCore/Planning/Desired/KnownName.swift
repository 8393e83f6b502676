package import CubeTypes

/// What the cluster knows of a name, from the tasks and slots that the manager keeps.
///
/// The reconciler holds no memory of its own: what it must know of a name whose manifest is gone or cannot be read, its source
/// said with the name's tasks (``Declaration``), and the manager keeps it. So a reconciler that starts anew, on any machine,
/// decides as the one before it. A name without tasks needs no memory, as nothing of it can be pruned.
package struct KnownName: Hashable, Sendable {
    /// The files that its live tasks come from. Without a live task: the file of the task that ended last, unless the name
    /// was proved to be gone since.
    package var files: Set<BytePath> = []
    /// Whether any of its tasks lives.
    package var lives = false
    /// Whether the owner's present source declared any of the tasks that live.
    package var isDeclared: Bool
    /// What its tasks depend on, sorted.
    package var dependencies: [WorkloadName] = []
    /// Whether the owner's present source declared all tasks that a prune would stop.
    package var isOwn = true
    /// Whether all of them may be stopped when their manifest goes.
    package var mayPrune = true

    package init(files: Set<BytePath> = [], lives: Bool = false) {
        self.files = files
        self.lives = lives
        isDeclared = lives
    }
}

extension KnownName {
    /// - Parameter claimedRevision: what was declared at this revision or before is another source's.
    init(_ workload: ObservedWorkload, claimedRevision: Int) {
        let live = workload.tasks.values.filter { !$0.state.hasEnded }
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
    /// The task that ended last in slots that were not withdrawn since.
    fileprivate var history: TaskStatus? {
        tasks.values.filter { $0.state.hasEnded && slots[$0.ordinal]?.endCounts ?? false }
            .max { ($0.createdRevision, $0.id) < ($1.createdRevision, $1.id) }
    }

    /// The slots that are to be withdrawn once the name is proved to be gone and nothing of it lives, by ordinal.
    func withdrawals(of name: WorkloadName) -> [WithdrawnSlot] {
        slots.values.filter(\.endCounts).map { WithdrawnSlot(name: name, ordinal: $0.ordinal) }
            .sorted { $0.ordinal < $1.ordinal }
    }
}
