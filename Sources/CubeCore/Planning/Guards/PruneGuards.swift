import CubeJSON
import CubeTypes

/// The guards that keep a mistake in the source from stopping everything. Each prune passes through them in this order:
///
/// 1. The proof of absence. Without it, a prune waits. If a git operation takes too long, the prune is held as `source_busy`.
/// 2. Guards on the source: `root_replaced`, `source_busy`, `guard_empty`.
/// 3. Guards on each name: `guard_foreign`, `prune_disabled`.
/// 4. The guard on the rate of prunes: `guard_window`. Prunes that a person approved under another guard do not count, nor do
///    prunes that have begun, because the window contains them already.
///
/// Each guard holds its prunes as a whole, and an approval releases them as a whole.
struct PruneGuards {
    let owner: OwnerName
    let absence: AbsenceProof.Verdict
    let isRootReplaced: Bool
    /// The number of names that are declared or kept.
    let declared: Int
    /// The names with live tasks.
    let living: Set<WorkloadName>
    let desired: DesiredState
    let directives: DirectiveIndex
    let limits: GuardLimits
    let window: GuardWindow

    /// The verdict on a prune.
    enum Verdict: Hashable, Sendable {
        case released
        case waiting(WaitReason)
        case held(WaitReason)
    }

    /// - Parameter prunes: the changes that each prune would make, by name.
    /// - Returns: the verdict on each prune, and the holds.
    func judge(
        _ prunes: [WorkloadName: [HeldChange]]
    ) -> (verdicts: [WorkloadName: Verdict], holds: [Hold]) {
        if case .unproved(let reason) = absence { return (prunes.mapValues { _ in .waiting(reason) }, []) }
        var verdicts: [WorkloadName: Verdict] = [:]
        var holds: [Hold] = []
        var approved: Set<WorkloadName> = []
        var left = prunes
        func pass(_ guardName: WaitReason, _ isConcerned: (WorkloadName) -> Bool) {
            let names = left.keys.filter(isConcerned)
            guard !names.isEmpty else { return }
            let changes = names.flatMap { left[$0] ?? [] }.sorted()
            if directives.approve(changes, heldBy: guardName.rawValue) {
                approved.formUnion(names)
            } else {
                holds.append(Hold(guardName, owner: owner, changes: changes))
                for name in names {
                    verdicts[name] = .held(guardName)
                    left[name] = nil
                }
            }
        }
        if let guardName = sourceGuard { pass(guardName) { _ in true } }
        pass(.guardForeign) { desired.known.names[$0]?.isOwn != true }
        pass(.pruneDisabled) { !desired.known.mayPrune($0) }
        func counts(_ name: WorkloadName) -> Bool { !approved.contains(name) && !window.hasReleased(name) }
        let counted = left.keys.count(where: counts)
        let total = window.total(living: living.count, lives: living.contains)
        if !window.admits(counted, of: total, limits) {
            pass(.guardWindow, counts)
        }
        for name in left.keys { verdicts[name] = .released }
        return (verdicts, holds)
    }

    private var sourceGuard: WaitReason? {
        if isRootReplaced { return .rootReplaced }
        if case .held(let reason) = absence { return reason }
        return declared == 0 ? .guardEmpty : nil
    }
}

extension Hold {
    /// - Parameter changes: the held changes, sorted.
    init(_ guardName: WaitReason, owner: OwnerName, changes: [HeldChange]) {
        let parts: [CanonicalJSON] = changes.map { change in
            .array([
                .string(change.verb), .string(change.name.rawValue), .integer(Int64(change.ordinal)),
                .string(change.from?.rawValue ?? ""), .string(change.to?.rawValue ?? ""),
            ])
        }
        let content = CanonicalJSON.object([
            "guard": .string(guardName.rawValue), "owner": .string(owner.rawValue), "changes": .array(parts),
        ])
        self.init(digest: .sha256(of: content.bytes), guardName: guardName.rawValue, changes: changes)
    }
}
