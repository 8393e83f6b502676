package import CubeTypes

/// What a source must show before a name that is not in it counts as gone: two complete listings of the same root, at
/// least two seconds apart, with nothing changing between them and git at rest. Of what cannot change, one is enough.
package struct AbsenceProof: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        /// What the last listing did not show is gone.
        case proved
        /// Nothing is known yet.
        case unproved(WaitReason)
        /// Git has been at work for too long: a person may say that the listing counts nevertheless.
        case held(WaitReason)
    }

    package static let distance: Duration = .seconds(2)
    package static let patience: Duration = .seconds(60)

    /// For commands that look once: one clean listing is enough.
    package let oneShot: Bool

    /// The end of the first of the listings that agree with the last one.
    private var agreesSince: Timestamp?
    private var busySince: Timestamp?
    private var last: Timestamp?
    private var isIncomplete = false
    private var isProved = false
    private var root: RootIdentity?

    package init(oneShot: Bool = false) { self.oneShot = oneShot }

    /// Something in the source changed, or may have: what was listed before counts no more.
    package mutating func changed() {
        agreesSince = nil
        isProved = false
    }

    /// - Parameter differs: whether any file is not what it was in the listing before.
    package mutating func listed(_ snapshot: ManifestSnapshot, differs: Bool) {
        last = snapshot.ended
        isIncomplete = !snapshot.isComplete
        if differs || snapshot.root != root { changed() }
        root = snapshot.root
        guard snapshot.isComplete, snapshot.root != nil else { return changed() }
        guard !snapshot.isBusy else {
            busySince = busySince ?? snapshot.ended
            return changed()
        }
        busySince = nil
        // A clock that was set back must not make a proof; it only starts it anew.
        guard let since = agreesSince, since <= snapshot.began else {
            agreesSince = snapshot.ended
            isProved = oneShot || snapshot.isImmutable
            return
        }
        if snapshot.began - since >= Self.distance { isProved = true }
    }

    package func verdict(at now: Timestamp) -> Verdict {
        if isProved { return .proved }
        if let busySince {
            return now - busySince >= Self.patience ? .held(.sourceBusy) : .unproved(.sourceBusy)
        }
        return .unproved(isIncomplete ? .sourceIncomplete : .absenceUnproved)
    }

    /// When to list again, while a name waits for the proof. Nothing says when a directory can be listed again that could
    /// not: the next listing comes with a change, or by and by.
    package var lookAgain: Timestamp? {
        guard !isProved, !oneShot, !isIncomplete, let last else { return nil }
        return (agreesSince ?? last) + Self.distance
    }
}
