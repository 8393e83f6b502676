import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Logging
import Synchronization

/// Acquires and renews the owner's lease, which every write requires. If another reconciler of the same source holds the lease,
/// this reconciler is a standby and requests the lease again at each renewal interval.
final class LeaseKeeper: Sendable {
    private struct State {
        var fence: Int?
        /// The last fence that was held from this data directory, which only this process uses.
        var last: Int?
        var holds: [Hold] = []
        var limits: GuardLimits?
    }

    private let cluster: any ClusterWriter
    private let owner: OwnerName
    private let holder: String
    private let source: SourceID
    private let clock: any Clock<Duration>
    private let remember: @Sendable (Int) -> Void
    private let state: Mutex<State>
    private let bell = Bell()
    /// The id of this keeper's requests. It identifies a lease as its own if the answer to the request was lost.
    private let id: String

    /// - Parameters:
    ///   - id: The id of the keeper's requests, which no other keeper uses.
    ///   - last: The fence that was held before, by a process that has ended.
    ///   - limits: How many names may be pruned without an approval; `nil` leaves the manager's limits as they are.
    ///   - remember: Called with each new fence.
    init(
        _ cluster: any ClusterWriter, owner: OwnerName, holder: String, source: SourceID, id: String, last: Int? = nil,
        limits: GuardLimits? = nil, clock: any Clock<Duration>, remember: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.cluster = cluster
        self.owner = owner
        self.holder = holder
        self.source = source
        self.id = id
        self.clock = clock
        self.remember = remember
        state = Mutex(State(last: last, limits: limits))
    }

    /// Reports the holds of the guards to the manager, so that people can approve them.
    func tell(_ holds: [Hold]) {
        let isNew = state.withLock { state in
            defer { state.holds = holds }
            return state.holds != holds
        }
        if isNew { bell.ring() }
    }

    /// Sends the limits of the guards to the manager.
    func use(_ limits: GuardLimits) {
        state.withLock { $0.limits = limits }
        bell.ring()
    }

    /// Acquires the lease again, because the manager refused a write under this fence.
    func lost(fence: Int) {
        state.withLock { if $0.fence == fence { $0.fence = nil } }
        bell.ring()
    }

    func run(into inbox: Inbox) async {
        while !Task.isCancelled {
            switch await renew() {
            case .held(let fence): inbox.put(.held(fence: fence))
            case .refused(let error): inbox.put(.refused(error))
            case nil: break
            }
            await bell.wait(atMost: Lease.renewal, on: clock)
        }
    }

    /// Releases the lease, so that a standby need not wait until it expires.
    func release() async throws {
        guard let fence = state.withLock(\.fence) else { return }
        _ = try await cluster.lease(
            owner, LeaseRequest(holder: holder, source: source, fence: fence, release: true))
    }

    /// - Returns: The state of the lease; `nil` if it is unknown.
    func renew() async -> ClusterContact.Lease? {
        let (fence, last, holds, limits) = state.withLock { ($0.fence, $0.last, $0.holds, $0.limits) }
        do {
            let request = LeaseRequest(
                holder: holder, source: source, fence: fence, succeeds: fence == nil ? last : nil, holds: holds,
                limits: limits, id: id)
            let status = try await cluster.lease(owner, request)
            if let new = status.lease?.fence, new != last { remember(new) }
            state.withLock { state in
                state.fence = status.lease?.fence
                state.last = state.fence ?? last
            }
            return status.lease.map { .held(fence: $0.fence) }
        } catch let error as APIError where error.isRefusal {
            state.withLock { $0.fence = nil }
            guard fence != nil, error.reason == .staleFence || error.reason == .leaseRequired else {
                return .refused(error)
            }
            // The lease may have expired, for example while the machine was suspended. Acquire it again, unless another holder has
            // it.
            return await renew()
        } catch {
            // The manager is unreachable, which the cluster feed reports. The lease may still be valid.
            return fence == nil ? .refused(APIError(wrapping: error)) : nil
        }
    }
}
