package import CubeTypes

/// Feasibility, scoring, picking: where a task goes.
package struct Scheduler: Sendable {
    package enum Decision: Hashable, Sendable {
        case node(NodeName)
        case pending(PendingCause)
    }

    package var picking: Picking

    package init(policy: SchedulingPolicy, lastPicked: NodeName?) {
        picking = Picking(scoring: Scoring(policy: policy, lastPicked: lastPicked))
    }

    package func decide(_ demand: Demand, among candidates: [Candidate]) -> Decision {
        switch Feasibility(of: demand, on: candidates) {
        case .feasible(let feasible): .node(picking.pick(feasible, for: demand))
        case .infeasible(let cause): .pending(cause)
        }
    }
}
