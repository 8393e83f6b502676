import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Synchronization

/// Passes news from the watching loops to the reconcile loop. It holds the latest news of each kind, not a queue.
final class Inbox: Sendable {
    /// The result of watching the cluster.
    enum ClusterNews: Sendable {
        case listed(TaskList)
        case changed(TaskChanges)
        /// The cluster does not answer, or its answer is unusable.
        case away(APIError)
    }

    struct News: Sendable {
        /// The last complete snapshot, and the changes after it.
        var source: ManifestSnapshot?
        var laterSource: ManifestSnapshot?
        /// Whether every file was checked, as opposed to only the names.
        var isRescanned = false
        var cluster: ClusterNews?
        var lease: ClusterContact.Lease?
        var limits: GuardLimits.Choice?
        /// What registries have that is newer than the manifests.
        var images: [WorkloadName: NewerImage]?

        var hasSource: Bool { source != nil || laterSource != nil }

        /// Whether earlier news of the cluster were taken, and it has not been decided yet what follows from them.
        fileprivate var isClusterTaken = false
    }

    private let news = Mutex(News())
    let bell = Bell()
    /// Rung when a pass has decided what follows from the last cluster news. The cluster feed requests the next news only then.
    private let clusterIsDone = Bell()

    var hasSource: Bool { news.withLock(\.hasSource) }

    func take() -> News {
        news.withLock { news in
            let taken = news
            news = News()
            news.isClusterTaken = taken.cluster != nil || taken.isClusterTaken
            return taken
        }
    }

    /// Signals that it was decided what follows from the cluster news that were taken, if there were any.
    func finishCluster() {
        let isWaiting = news.withLock { news in
            defer { news.isClusterTaken = false }
            return news.isClusterTaken
        }
        if isWaiting { clusterIsDone.ring() }
    }

    /// - Parameter isRescan: Whether every file was checked for the snapshot.
    func put(_ snapshot: ManifestSnapshot, isRescan: Bool = false) {
        news.withLock { news in
            news.isRescanned = news.isRescanned || isRescan
            if !snapshot.isPartial {
                (news.source, news.laterSource) = (snapshot, nil)
            } else if news.laterSource != nil {
                news.laterSource?.add(snapshot)
            } else {
                news.laterSource = snapshot
            }
        }
        bell.ring()
    }

    func put(_ lease: ClusterContact.Lease) {
        news.withLock { $0.lease = lease }
        bell.ring()
    }

    func put(_ limits: GuardLimits.Choice) {
        news.withLock { $0.limits = limits }
        bell.ring()
    }

    func put(_ images: [WorkloadName: NewerImage]) {
        news.withLock { $0.images = images }
        bell.ring()
    }

    /// Returns when it was decided what follows from the news.
    func put(_ cluster: ClusterNews) async {
        _ = clusterIsDone.hear()
        news.withLock { $0.cluster = cluster }
        bell.ring()
        await clusterIsDone.wait()
    }
}
