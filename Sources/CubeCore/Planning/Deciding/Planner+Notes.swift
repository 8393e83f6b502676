import CubeJSON
import CubeTypes

/// The notes that a plan sends to the manager along with its actions. The next reconciler reads them there and needs no memory of
/// its own.
extension Planner {
    /// Returns all notes that the manager lacks, in a defined order, whether they are being sent or not.
    mutating func missingNotes(_ observed: ObservedState, _ now: Timestamp) -> SourceNotes {
        let notes = SourceNotes(
            declared: index.declarations.sorted { $0.key < $1.key }.flatMap(\.value),
            withdrawn: withdrawals(observed, now), root: desired.newRoot)
        history.reconsider(notes, at: now)
        return notes
    }

    /// Returns the declarations of a name's tasks that differ between the manifest and the manager. Only a name with a readable,
    /// valid definition declares tasks, even while the name is frozen or its tasks are being replaced.
    func missingDeclarations(
        of name: WorkloadName, _ live: [TaskStatus], _ observed: ObservedState
    ) -> [Declaration]? {
        guard case .readable(let workload)? = desired.workloads[name] else { return nil }
        let claimed = observed.owner?.claimedRevision ?? 0
        let isPruned = observed.window.hasReleased(name)
        let missing = live.filter { task in
            !task.isStopping
                && (isPruned || task.declaredRevision ?? 0 <= claimed || task.prune != workload.steering.prune
                    || task.minHealthy != workload.steering.update.statedMinHealthy
                    || task.dependencies != workload.dependencies || !workload.isFile(task.source))
        }
        guard !missing.isEmpty else { return nil }
        return missing.map {
            Declaration(
                id: $0.id, source: workload.file.text, prune: workload.steering.prune,
                dependencies: workload.dependencies, minHealthy: workload.steering.update.statedMinHealthy)
        }
    }

    /// Returns the slots of names that are proved absent and have no live task. If such a name returns, it counts as a new name.
    private func withdrawals(_ observed: ObservedState, _ now: Timestamp) -> [WithdrawnSlot] {
        guard !index.absent.isEmpty, desired.absence(at: now) == .proved, !desired.isRootReplaced else { return [] }
        return index.absent.sorted().filter { index.entries[$0] == nil }.flatMap { name in
            observed.workloads[name]?.withdrawals(of: name) ?? []
        }
    }
}
