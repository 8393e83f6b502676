import CubeCore
import CubeErrors
import CubeTypes
import Synchronization

/// What the loops that watch tell the loop that decides. It holds the newest of each kind, never a queue.
final class Inbox: Sendable {
    /// What a watch of the cluster brought.
    enum ClusterNews: Sendable {
        case listed(TaskList)
        case changed(TaskChanges)
        /// The cluster does not answer, or not with what can be used.
        case away(APIError)
    }

    struct News: Sendable {
        /// A look at everything, and what changed after it.
        var source: ManifestSnapshot?
        var laterSource: ManifestSnapshot?
        /// Whether everything was looked at, rather than only listed.
        var isRescanned = false
        var cluster: ClusterNews?
        var lease: ClusterContact.Lease?
        var limits: GuardLimits?

        var hasSource: Bool { source != nil || laterSource != nil }
    }

    private let news = Mutex(News())
    let bell = Bell()
    /// Rung when news of the cluster were taken in: the next ones are asked for only then.
    private let clusterIsDone = Bell()

    var hasSource: Bool { news.withLock(\.hasSource) }

    func take() -> News {
        news.withLock { news in
            defer { news = News() }
            return news
        }
    }

    /// Says that the news of the cluster that were taken are part of the view now.
    func finishCluster() { clusterIsDone.ring() }

    /// - Parameter isRescan: whether every file was looked at for it.
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

    func put(_ limits: GuardLimits) {
        news.withLock { $0.limits = limits }
        bell.ring()
    }

    /// Returns when the news are part of the view.
    func put(_ cluster: ClusterNews) async {
        _ = clusterIsDone.hear()
        news.withLock { $0.cluster = cluster }
        bell.ring()
        await clusterIsDone.wait()
    }
}
