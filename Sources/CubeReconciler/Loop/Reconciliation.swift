import CubeCore
import CubeErrors
import CubeTypes

/// Combines the planner with the cluster: carries out plans, and keeps the view at least as new as the answers.
struct Reconciliation {
    private(set) var planner: Planner
    private let executor: Executor
    private var pass = 0

    init(_ planner: Planner, executor: Executor) {
        self.planner = planner
        self.executor = executor
    }

    /// The position of the view of the cluster.
    var position: ViewPosition? { planner.observed.map { ViewPosition(term: $0.term, revision: $0.revision) } }

    mutating func update(_ change: (inout Planner) -> Void) { change(&planner) }

    mutating func pass(at now: Timestamp) -> Plan { planner.pass(now: now) }

    mutating func take(_ list: TaskList) { planner.update(ObservedState(list, of: planner.owner)) }

    /// Adds changes to the view.
    ///
    /// - Returns: Whether the view changed.
    mutating func take(_ changes: TaskChanges) -> Bool {
        guard let position, position.term == changes.term, position.revision < changes.revision else { return false }
        planner.update(changes)
        return !changes.changed.isEmpty || !changes.removed.isEmpty || !changes.slots.isEmpty || changes.owner != nil
    }

    /// Carries out a plan in batches.
    ///
    /// - Parameter isOutdated: Called before each batch. If it returns `true`, the remaining batches are not sent.
    /// - Throws: An `APIError` if the lease may be lost or the view could not be updated.
    mutating func carryOut(_ plan: Plan, fence: Int, unless isOutdated: () -> Bool) async throws {
        pass += 1
        planner.willSend(plan.notes, at: executor.now())
        // The actions of this plan do not depend on the notes.
        var revision = try await executor.tell(plan.notes, fence: fence, pass: pass)
        var changes: TaskChanges?
        let batches = Executor.batches(of: plan.actions)
        for (index, batch) in batches.enumerated() {
            if isOutdated() { break }
            planner.willSend(batch, at: executor.now())
            do {
                // The answer to the last batch includes the changes of all batches.
                let answer = try await executor.carryOut(
                    batch, fence: fence, pass: pass, plan: plan, since: index == batches.count - 1 ? position : nil)
                for (action, result) in zip(batch, answer.results) {
                    planner.answered(action, at: executor.now(), revision: answer.revision, error: result.error)
                }
                revision = max(revision, answer.revision)
                changes = answer.changes
            } catch let error as APIError where !error.concernsLease {
                // The manager may or may not have carried out the batch. Repeating it is harmless.
                for action in batch {
                    planner.answered(action, at: executor.now(), revision: position?.revision ?? 0, error: error)
                }
                break
            }
        }
        if let changes { _ = take(changes) }
        try await catchUp(with: revision)
    }

    /// Updates the view to the revision of the last write, so that no plan is made from an older view. Requests only the changes
    /// that the answers did not include.
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
    /// Whether the error means that another holder may have the owner's lease.
    var concernsLease: Bool { [.staleFence, .leaseRequired, .leaseHeld, .ownerTaken].contains(reason) }
}

extension Plan {
    /// Identifies the input of the plan.
    var digest: Digest { .sha256(of: "\(desiredDigest) \(observedDigest)") }
}
