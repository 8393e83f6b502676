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
        var limits = GuardLimits.Choice()
        /// The limits of the owner according to the manager's last answer under this fence.
        var knownLimits: GuardLimits?
    }

    /// A request, and the limits that were chosen for it.
    private struct Attempt {
        let last: Int?
        let choice: GuardLimits.Choice
        let request: LeaseRequest
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
    ///   - limits: How many names may be pruned without an approval. The manager's limits stay in effect where none is given.
    ///   - remember: Called with each new fence.
    init(
        _ cluster: any ClusterWriter, owner: OwnerName, holder: String, source: SourceID, id: String, last: Int? = nil,
        limits: GuardLimits.Choice = GuardLimits.Choice(), clock: any Clock<Duration>,
        remember: @escaping @Sendable (Int) -> Void = { _ in }
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

    /// Reports the holds of the guards to the manager, so that people can approve them. A hold with more changes than fit into a
    /// request is reported with only the first of them.
    func tell(_ holds: [Hold]) {
        let holds = holds.fitting
        let isNew = state.withLock { state in
            defer { state.holds = holds }
            return state.holds != holds
        }
        if isNew { bell.ring() }
    }

    /// Sends the limits of the guards to the manager.
    func use(_ limits: GuardLimits.Choice) {
        state.withLock { $0.limits = limits }
        bell.ring()
    }

    /// Acquires the lease again, because the manager refused a write under this fence.
    func lost(fence: Int) {
        state.withLock { if $0.fence == fence { ($0.fence, $0.knownLimits) = (nil, nil) } }
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
        let attempt = state.withLock { self.attempt(in: $0) }
        let fence = attempt.request.fence
        do {
            let status = try await cluster.lease(owner, attempt.request)
            if let new = status.lease?.fence, new != attempt.last { remember(new) }
            state.withLock { state in
                state.fence = status.lease?.fence
                state.last = state.fence ?? attempt.last
                state.knownLimits = status.limits
            }
            let limits = attempt.choice.limits(else: status.limits)
            if status.lease != nil, limits != status.limits, limits != attempt.request.limits {
                // Only some limits are chosen. Now that the others are known, set all of them before any plan is carried out.
                return await renew()
            }
            return status.lease.map { .held(fence: $0.fence) }
        } catch let error as APIError where error.isRefusal {
            state.withLock { ($0.fence, $0.knownLimits) = (nil, nil) }
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

    private func attempt(in state: State) -> Attempt {
        let isChosen = state.limits != GuardLimits.Choice()
        let limits = isChosen ? state.knownLimits.map(state.limits.limits) ?? state.limits.complete : nil
        return Attempt(
            last: state.last, choice: state.limits,
            request: LeaseRequest(
                holder: holder, source: source, fence: state.fence, succeeds: state.fence == nil ? state.last : nil,
                holds: state.holds, limits: limits, id: id))
    }
}

extension [Hold] {
    /// The holds, of which the largest are cut so that all of them fit into one lease request.
    fileprivate var fitting: [Hold] {
        var holds = Array(prefix(TextBounds.holds))
        var room = Hold.maximumChanges
        for index in holds.indices.sorted(by: { holds[$0].changes.count < holds[$1].changes.count }) {
            let count = holds[index].changes.count
            if count > room {
                holds[index].count = count
                holds[index].changes = [HeldChange](holds[index].changes.prefix(room))
            }
            room -= holds[index].changes.count
        }
        return holds
    }
}
