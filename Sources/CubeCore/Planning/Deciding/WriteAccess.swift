/// Whether the planner sees the cluster, and may act on it.
package enum WriteAccess: Hashable, Sendable {
    case writing
    /// It sees and plans, and does nothing: another one holds the owner. The reason is a stable word.
    case watching(reason: String, message: String)
    /// It was told to look only.
    case observing
    /// It does not see the cluster: what it knew may be old.
    case blind(reason: String, message: String)

    var isBlind: Bool { if case .blind = self { true } else { false } }
}
