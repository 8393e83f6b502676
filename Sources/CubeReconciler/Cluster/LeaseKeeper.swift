import CubeCore
import CubeErrors
import CubeTypes
import Logging
import Synchronization

/// Takes the owner's lease and keeps it: without it nothing is written. Where another one of the same source has it, this one
/// waits as its standby, and asks again with each renewal.
final class LeaseKeeper: Sendable {
    private struct State {
        var fence: Int?
        /// The last fence that was held from this data directory, which is this process' alone.
        var last: Int?
        var holds: [Hold] = []
    }

    private let cluster: any ClusterWriter
    private let owner: OwnerName
    private let holder: String
    private let source: SourceID
    private let clock: any Clock<Duration>
    private let remember: @Sendable (Int) -> Void
    private let state: Mutex<State>
    private let bell = Bell()
    /// The id of its requests, by which a lease that it took without hearing so is known to be its own.
    private let id: String

    /// - Parameters:
    ///   - id: the id of its requests; no two keepers have the same.
    ///   - last: the fence that was held before, by a process that is gone.
    ///   - remember: told each new fence.
    init(
        _ cluster: any ClusterWriter, owner: OwnerName, holder: String, source: SourceID, id: String, last: Int? = nil,
        clock: any Clock<Duration>, remember: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.cluster = cluster
        self.owner = owner
        self.holder = holder
        self.source = source
        self.id = id
        self.clock = clock
        self.remember = remember
        state = Mutex(State(last: last))
    }

    /// Tells the manager what the guards hold, so that it can be approved.
    func tell(_ holds: [Hold]) {
        let isNew = state.withLock { state in
            defer { state.holds = holds }
            return state.holds != holds
        }
        if isNew { bell.ring() }
    }

    /// The manager refused a write under this fence: takes the lease anew.
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

    /// Gives the lease back, so that another one need not wait for its end.
    func release() async throws {
        guard let fence = state.withLock(\.fence) else { return }
        _ = try await cluster.lease(
            owner, LeaseRequest(holder: holder, source: source, fence: fence, release: true))
    }

    /// - Returns: where the lease stands, if that can be told.
    func renew() async -> ClusterContact.Lease? {
        let (fence, last, holds) = state.withLock { ($0.fence, $0.last, $0.holds) }
        do {
            let request = LeaseRequest(
                holder: holder, source: source, fence: fence, succeeds: fence == nil ? last : nil, holds: holds,
                id: id)
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
            // After a pause it may be there to be taken again, unless another one took it.
            return await renew()
        } catch {
            // The manager is away, which its watch tells; a lease may still be ours.
            return fence == nil ? .refused(APIError(wrapping: error)) : nil
        }
    }
}
