package import CubeTypes

/// Decides which node runs a task, in three steps: feasibility, scoring and picking. Each looks at all nodes.
///
/// ``PlacementIndex`` finds the same node faster. It leaves the reasons why none can run a task to the scheduler.
package struct Scheduler: Sendable {
    package enum Decision: Hashable, Sendable {
        case node(NodeName)
        case pending(PendingCause)
    }

    package var picking: Picking

    package init(policy: SchedulingPolicy, lastPicked: NodeName?) {
        picking = Picking(scoring: Scoring(policy: policy, lastPicked: lastPicked))
    }

    /// - Parameters:
    ///   - others: the nodes that currently accept no tasks, for the message if no node can run the task.
    ///   - bound: the volumes of the demand that exist.
    package func decide(
        _ demand: Demand, among candidates: [Candidate], besides others: @autoclosure () -> [UnavailableNode] = [],
        bound: [VolumeRecord] = []
    ) -> Decision {
        switch Feasibility(of: demand, on: candidates, besides: others(), bound: bound) {
        case .feasible(let feasible): .node(picking.pick(feasible, of: candidates, for: demand))
        case .infeasible(let cause): .pending(cause)
        }
    }
}
