import CubeErrors
import CubeTypes
import Logging
import Synchronization

/// Takes the owner's lease and keeps it: without it nothing is written.
final class LeaseKeeper: Sendable {
    enum Standing: Hashable, Sendable {
        case held(fence: Int)
        /// Another one has it, or the owner belongs to another source.
        case refused(APIError)

        /// Whether it says the same, in whatever words.
        func isSame(as other: Standing?) -> Bool {
            switch (self, other) {
            case (.held(let fence), .held(let other)): fence == other
            case (.refused(let error), .refused(let other)): error.reason == other.reason
            default: false
            }
        }
    }

    private struct State {
        var fence: Int?
        var holds: [Hold] = []
    }

    private let cluster: any ClusterWriter
    private let owner: OwnerName
    private let holder: String
    private let source: SourceID
    private let clock: any Clock<Duration>
    private let state = Mutex(State())
    private let bell = Bell()

    init(
        _ cluster: any ClusterWriter, owner: OwnerName, holder: String, source: SourceID, clock: any Clock<Duration>
    ) {
        self.cluster = cluster
        self.owner = owner
        self.holder = holder
        self.source = source
        self.clock = clock
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
    func renew() async -> Standing? {
        let (fence, holds) = state.withLock { ($0.fence, $0.holds) }
        do {
            let request = LeaseRequest(holder: holder, source: source, fence: fence, holds: holds)
            let status = try await cluster.lease(owner, request)
            state.withLock { $0.fence = status.lease?.fence }
            return status.lease.map { .held(fence: $0.fence) }
        } catch let error as APIError where error.isRefusal {
            state.withLock { $0.fence = nil }
            guard fence != nil, error.reason == .staleFence || error.reason == .leaseRequired else {
                return .refused(error)
            }
            // Lost to nobody: after a pause it is there to be taken again.
            return await renew()
        } catch {
            // The manager is away, which its watch tells; a lease may still be ours.
            return fence == nil ? .refused(APIError(wrapping: error)) : nil
        }
    }
}
