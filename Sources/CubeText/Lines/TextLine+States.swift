package import CubeCore
package import CubeTypes

extension TextLine {
    package init(_ state: TaskState) {
        let style: TextLine.Style? =
            switch state {
            case .running, .completed: .green
            case .failed: .red
            case .stopped: .dim
            default: .yellow
            }
        self.init(state.rawValue, style)
    }

    package init(_ state: WorkerState) { self.init(state.rawValue, state == .ready ? .green : .yellow) }

    /// The state of a node's worker, and whether the node is cordoned if the state does not say so.
    package init(_ node: NodeInfo) {
        let isHidden = node.cordoned && ![.cordoned, .draining].contains(node.state)
        self = TextLine(node.state) + (isHidden ? TextLine(", cordoned", .yellow) : "")
    }

    package init(_ health: HealthStatus) {
        let style: TextLine.Style? =
            switch health {
            case .healthy: .green
            case .degraded, .missing: .red
            case .progressing, .unknown: .yellow
            case .suspended: .dim
            }
        self.init(health.rawValue, style)
    }

    package init(_ sync: SyncStatus) { self.init(sync.rawValue, sync == .synced ? .green : .yellow) }
}
