package import CubeTypes

/// The proof that a name missing from the source is gone. It takes two complete listings of the same root, at least two seconds
/// apart, with no change between them and no git operation in progress. One listing is enough if the source is immutable.
package struct AbsenceProof: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        /// Every name that the last listing did not show is gone.
        case proved
        /// The proof is not complete yet.
        case unproved(WaitReason)
        /// A git operation has been in progress for too long. A person may approve that the listing counts anyway.
        case held(WaitReason)
    }

    package static let distance: Duration = .seconds(2)
    package static let patience: Duration = .seconds(60)

    /// Whether one clean listing is enough, for commands that list the source only once.
    package let oneShot: Bool

    /// The end of the first listing in the unbroken series of listings that agree with the last one.
    private var agreesSince: Timestamp?
    private var busySince: Timestamp?
    private var last: Timestamp?
    private var isIncomplete = false
    private var isProved = false
    private var root: RootIdentity?

    package init(oneShot: Bool = false) { self.oneShot = oneShot }

    /// Discards earlier listings, because something in the source changed or may have changed.
    package mutating func changed() {
        agreesSince = nil
        isProved = false
    }

    /// - Parameter differs: whether any file differs from the previous listing.
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
        // If the clock was set back, the proof starts again rather than being completed.
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

    /// The time at which to list the source again while a name waits for the proof; `nil` if no time can be given. A directory
    /// that could not be listed does not announce when it can be: the next listing follows a change or the regular rescan.
    package var lookAgain: Timestamp? {
        guard !isProved, !oneShot, !isIncomplete, let last else { return nil }
        return (agreesSince ?? last) + Self.distance
    }
}
