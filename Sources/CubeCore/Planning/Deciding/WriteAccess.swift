/// Whether the planner sees the cluster, and whether it may change it.
package enum WriteAccess: Hashable, Sendable {
    case writing
    /// The planner sees the cluster and plans, but changes nothing, because another reconciler holds the owner or the lease was
    /// not taken yet. The reason is a stable word.
    case watching(reason: String, message: String)
    /// The planner was started to observe only.
    case observing
    /// The planner does not see the cluster, so its observed state may be out of date.
    case blind(reason: String, message: String)

    var isBlind: Bool { if case .blind = self { true } else { false } }
}
