import HashTreeCollections
package import CubeTypes

/// What becomes of the tasks on nodes that are drained. It is what a drain acts on, and what a forecast of a drain shows.
///
/// The plan reserves room for the tasks that leave, oldest first, so that no more tasks are stopped than fit on other nodes. A task
/// that fits nowhere else stays. A task whose slot has a newer task already has its room.
package struct EvictionPlan {
    package enum Verdict: Hashable, Sendable {
        /// The task leaves the node. Its successor would be placed on this node now; `nil` if it waits for a node.
        case leaves(for: NodeName?)
        case stays(PendingCause)
        case stopping
    }

    /// The verdicts about all tasks on the nodes that have not ended.
    package private(set) var verdicts: [TaskID: Verdict] = [:]

    /// - Parameters:
    ///   - orders: the nodes to drain. They count as cordoned, even if they are not.
    package init(_ orders: [NodeName: DrainOrder], in state: ClusterState) {
        var forecast = PlacementForecast(of: state, without: Set(orders.keys))
        for (task, order) in Self.tasks(on: orders, in: state) {
            verdicts[task.id] = Self.verdict(on: task, order, in: state, &forecast)
        }
    }

    private static func tasks(
        on orders: [NodeName: DrainOrder], in state: ClusterState
    ) -> [(TaskRecord, DrainOrder)] {
        orders.flatMap { name, order in
            state.index.load(of: name).tasks.compactMap { id in state.records.tasks[id].map { ($0, order) } }
        }
        .sorted { ($0.0.createdRevision, $0.0.id) < ($1.0.createdRevision, $1.0.id) }
    }

    private static func verdict(
        on task: TaskRecord, _ order: DrainOrder, in state: ClusterState, _ forecast: inout PlacementForecast
    ) -> Verdict {
        let successor = state.successor(of: task)
        if task.phase.isStopping {
            // If its successor is accepted only when it has ended, the successor needs the room then.
            if successor == nil { _ = forecast.place(task.definition, of: task.slot.owner) }
            return .stopping
        }
        if task.nodeUnknown {
            return .stays(PendingCause(reason: .nodeSilent, message: "its node is silent"))
        }
        if task.definition.kind == .job, !order.evictsJobs {
            let limit = order.jobsFrom.map { ", at most until \($0.wall)" } ?? ""
            return .stays(PendingCause(reason: .jobRunning, message: "the job runs to its end" + limit))
        }
        if let successor { return .leaves(for: successor.phase.placement?.node) }
        return switch forecast.place(task.definition, of: task.slot.owner) {
        case .node(let node): .leaves(for: node)
        case .pending(let cause): .stays(cause)
        }
    }
}

extension EvictionPlan.Verdict {
    /// The part of the verdict that is stored with the task. It does not name a node, so that it stays the same while other tasks
    /// come and go.
    var eviction: TaskEviction? {
        switch self {
        case .leaves: TaskEviction(due: true)
        case .stays(let cause): TaskEviction(due: false, reason: cause.reason, message: cause.message)
        case .stopping: nil
        }
    }
}

extension ClusterState {
    /// Returns the live task of the same slot that was accepted after a task.
    fileprivate func successor(of task: TaskRecord) -> TaskRecord? {
        (index.attempts[task.slot] ?? []).reversed().lazy.compactMap { records.tasks[$0] }
            .prefix { $0.attempt > task.attempt }.first { !$0.phase.hasEnded }
    }
}
