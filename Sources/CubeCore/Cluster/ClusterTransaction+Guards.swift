import CubeErrors
import CubeTypes
import HashTreeCollections

/// Decides which pruning stops of a batch the guard window admits. All of them are judged together, before any of them is carried
/// out: the stops that no approval covers, and whose prune has not begun yet, are all admitted or all refused.
///
/// The planner applies the same ``GuardWindow``, so a correct reconciler sends no stop that is refused. This check protects against
/// a reconciler that is incorrect or has an outdated view.
struct PruneJudgement {
    let owner: OwnerName
    /// The names for which an approval covers every prune of the batch.
    let approved: Set<WorkloadName>
    /// The names whose prune has already begun, because an earlier stop was accepted.
    private let released: Set<WorkloadName>
    /// The live tasks that the batch would prune, with their names.
    private let names: [TaskID: WorkloadName]
    /// The error for names that are neither approved nor released; `nil` if the window admits them.
    private let refusal: APIError?
    /// The names of which a pruning stop was carried out.
    var accepted: Set<WorkloadName> = []

    init(of request: BatchRequest, in state: ClusterState, at moment: DurableInstant, isFull: Bool) {
        owner = request.owner
        var names: [TaskID: WorkloadName] = [:]
        var changes: [WorkloadName: [HeldChange]] = [:]
        for case .stop(let stop) in request.operations where stop.prune {
            guard let task = state.records.tasks[stop.id], task.slot.owner == request.owner, task.phase.canStop else {
                continue
            }
            names[stop.id] = task.slot.name
            changes[task.slot.name, default: []].append(state.prune(of: task))
        }
        self.names = names
        guard let record = state.records.owners[request.owner], !names.isEmpty else {
            (approved, released, refusal) = ([], [], nil)
            return
        }
        let allowed = record.approvedChanges(at: moment)
        let released = Set(changes.keys.filter(record.window.hasReleased))
        let approved = Set(changes.filter { allowed.isSuperset(of: $0.value) }.keys).subtracting(released)
        (self.released, self.approved) = (released, approved)
        let counted = changes.count - released.count - approved.count
        let total = record.window.total(living: state.index.liveNames[owner] ?? 0) { name in
            state.index.live[WorkloadKey(owner: request.owner, name: name)] != nil
        }
        if isFull {
            // On a full disk, the manager cannot store that these prunes count towards the limits.
            refusal = APIError(.storageFull, "the disk with the manager's store is full, so no further name is pruned")
        } else if !record.window.admits(counted, of: total, record.guardLimits) {
            refusal = .beyondWindow(owner, counted, record.window.left(of: total, record.guardLimits), record)
        } else {
            refusal = nil
        }
    }

    /// - Returns: The name that a stop prunes; `nil` if the stop prunes no live task.
    /// - Throws: `guard_window` if the prunes exceed the limits; `storage_full`.
    func admit(_ stop: StopRequest) throws(APIError) -> WorkloadName? {
        guard let name = names[stop.id] else { return nil }
        if let refusal, !released.contains(name), !approved.contains(name) { throw refusal }
        return name
    }
}

extension ClusterTransaction {
    /// Records the pruned names in the guard window of the owner.
    mutating func record(_ prunes: PruneJudgement) {
        guard !prunes.accepted.isEmpty, var owner = state.records.owners[prunes.owner] else { return }
        for name in prunes.accepted {
            owner.window.prune(name, at: moment, approved: prunes.approved.contains(name), revision: revision)
        }
        owner.revision = revision
        put(owner)
    }

    /// Records that a name is declared again, if its prune had begun. A later prune of the name must pass the guards again.
    mutating func noteReturn(of workload: WorkloadKey) {
        guard var owner = state.records.owners[workload.owner], owner.window.hasReleased(workload.name) else { return }
        owner.window.returned(workload.name, revision: revision)
        owner.revision = revision
        put(owner)
    }
}

extension ClusterState {
    /// Returns the prune of a task in the form that holds and approvals contain.
    fileprivate func prune(of task: TaskRecord) -> HeldChange {
        HeldChange(
            verb: HeldChange.prune, name: task.slot.name, ordinal: task.slot.ordinal,
            from: digestKey?.keyed(task.specDigest) ?? task.specDigest, to: nil)
    }
}

extension OwnerRecord {
    /// Returns the changes that unexpired approvals release from guards other than the storage guard.
    fileprivate func approvedChanges(at moment: DurableInstant) -> Set<HeldChange> {
        let holds = directives.filter { $0.verb == .approve && !hasExpired($0, at: moment) }.compactMap(\.approves)
        return Set(holds.filter { $0.guardName != WaitReason.guardStorage.rawValue }.flatMap(\.changes))
    }
}

extension APIError {
    fileprivate static func beyondWindow(
        _ owner: OwnerName, _ count: Int, _ left: Int, _ record: OwnerRecord
    ) -> APIError {
        APIError(
            .guardWindow,
            "owner \(owner): the request prunes \(Count(count, "more name")), but the limits (\(record.guardLimits.text)) "
                + "permit only \(max(left, 0)) now; approve the prunes, or wait until earlier prunes have left the window",
            details: ["names": "\(count)", "left": "\(max(left, 0))"])
    }
}
