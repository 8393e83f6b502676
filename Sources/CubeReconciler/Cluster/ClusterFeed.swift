import CubeErrors
import CubeTypes
import Synchronization

/// Watches the owner's tasks at the manager: lists them first, then asks for changes.
final class ClusterFeed: Sendable {
    private static let wait: Duration = .seconds(30)
    private static let backoff = Backoff(first: .milliseconds(250), longest: .seconds(15))

    private let cluster: any ClusterReader
    private let owner: OwnerName
    private let random: @Sendable () -> UInt64
    private let clock: any Clock<Duration>
    private let known: Mutex<ClusterID?>
    private let position = Mutex<ViewPosition?>(nil)
    /// The time until the next request for changes.
    private let pause = Mutex(Duration.zero)

    /// - Parameter known: The cluster that this source belongs to; `nil` accepts the first cluster that answers.
    init(
        _ cluster: any ClusterReader, known: ClusterID?, owner: OwnerName, random: @escaping @Sendable () -> UInt64,
        clock: any Clock<Duration>
    ) {
        self.cluster = cluster
        self.known = Mutex(known)
        self.owner = owner
        self.random = random
        self.clock = clock
    }

    /// Continues from a position; `nil` lists again.
    func goOn(from position: ViewPosition?) { self.position.withLock { $0 = position } }

    /// Lets changes accumulate for a time before the next request.
    func rest(for time: Duration) { pause.withLock { $0 = time } }

    func run(into inbox: Inbox) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                await inbox.put(try await next())
                failures = 0
                let pause = pause.withLock(\.self)
                if pause > .zero { try await clock.sleep(for: pause) }
            } catch is CancellationError {
                return
            } catch {
                let error = APIError(wrapping: error)
                if error.reason == .revisionGone { goOn(from: nil) }
                // A lost revision is expected: the next request lists again. It counts as a failure only if it recurs.
                if error.reason != .revisionGone || failures > 0 { await inbox.put(.away(error)) }
                failures += 1
                let pause = Self.backoff.pause(after: failures, jitter: Double(unitInterval: random()))
                do { try await clock.sleep(for: pause) } catch { return }
            }
        }
    }

    private func next() async throws -> Inbox.ClusterNews {
        guard let position = position.withLock({ $0 }) else {
            let list = try await cluster.tasks(owner: owner)
            try meet(list.cluster)
            return .listed(list)
        }
        return .changed(
            try await cluster.changes(
                owner: owner, since: position.revision, term: position.term, wait: Self.wait))
    }

    /// Checks that the manager's cluster is the one that this source belongs to.
    private func meet(_ cluster: ClusterID) throws(APIError) {
        let known = known.withLock { known in
            known = known ?? cluster
            return known
        }
        guard known == cluster else {
            throw APIError(
                .foreignCluster, "the manager's cluster is \(cluster), but this source belongs to another cluster")
        }
    }
}

extension APIError {
    /// Returns the `APIError` that a call threw, or wraps another error as `unavailable`.
    init(wrapping error: any Error) {
        self = error as? APIError ?? APIError(.unavailable, "\(error)")
    }

    /// Whether the manager rejected the request, as opposed to being overloaded, failing or out of reach.
    var isRefusal: Bool { (400..<500).contains(code) && code != 408 && code != 429 }
}
