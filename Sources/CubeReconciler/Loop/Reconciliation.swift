import CubeCore
import CubeErrors
import CubeTypes

/// The planner and the cluster that it plans for: carries out its plans and keeps its view at least as new as the answers.
struct Reconciliation {
    private(set) var planner: Planner
    private let executor: Executor
    private var pass = 0

    init(_ planner: Planner, executor: Executor) {
        self.planner = planner
        self.executor = executor
    }

    /// Where the view of the cluster stands.
    var position: ViewPosition? { planner.observed.map { ViewPosition(term: $0.term, revision: $0.revision) } }

    mutating func update(_ change: (inout Planner) -> Void) { change(&planner) }

    mutating func pass(at now: Timestamp) -> Plan { planner.pass(now: now) }

    mutating func take(_ list: TaskList) { planner.update(ObservedState(list, of: planner.owner)) }

    /// Takes in what changed.
    ///
    /// - Returns: whether it says anything new.
    mutating func take(_ changes: TaskChanges) -> Bool {
        guard let position, position.term == changes.term, position.revision < changes.revision else { return false }
        planner.update(changes)
        return !changes.changed.isEmpty || !changes.removed.isEmpty || !changes.slots.isEmpty || changes.owner != nil
    }

    /// Carries out a plan, part by part.
    ///
    /// - Parameter isOutdated: asked before each part; what was not sent by then is not sent at all.
    /// - Throws: an `APIError` where the lease is somebody else's now, or the view could not be brought up to date.
    mutating func carryOut(_ plan: Plan, fence: Int, unless isOutdated: () -> Bool) async throws {
        pass += 1
        var revision = 0
        var changes: TaskChanges?
        let batches = Executor.batches(of: plan.actions)
        for (index, batch) in batches.enumerated() {
            if isOutdated() { break }
            planner.calls(batch, at: executor.now())
            do {
                // The answer to the last batch brings what all of them changed.
                let answer = try await executor.carryOut(
                    batch, fence: fence, pass: pass, plan: plan, since: index == batches.count - 1 ? position : nil)
                for (action, result) in zip(batch, answer.results) {
                    planner.answered(action, at: executor.now(), revision: answer.revision, error: result.error)
                }
                revision = max(revision, answer.revision)
                changes = answer.changes
            } catch let error as APIError where !error.concernsLease {
                // Nobody knows whether it was done; doing it again is harmless.
                for action in batch {
                    planner.answered(action, at: executor.now(), revision: position?.revision ?? 0, error: error)
                }
                break
            }
        }
        if let changes { _ = take(changes) }
        try await catchUp(with: revision)
    }

    /// No plan is made from a view that is older than the answer to the last write. The manager is asked only for what its answers
    /// did not bring.
    private mutating func catchUp(with revision: Int) async throws {
        while let position, position.revision < revision {
            let changes = try await executor.cluster.changes(
                owner: planner.owner, since: position.revision, term: position.term, wait: .zero)
            guard changes.revision > position.revision else {
                throw APIError(.malformedAnswer, "revision \(changes.revision) is not after \(position.revision)")
            }
            _ = take(changes)
        }
    }
}

extension APIError {
    /// Whether another one may have taken the owner's lease.
    var concernsLease: Bool { [.staleFence, .leaseRequired, .leaseHeld, .ownerTaken].contains(reason) }
}

extension Plan {
    /// Over what it was made from.
    var digest: Digest { .sha256(of: "\(desiredDigest) \(observedDigest)") }
}
