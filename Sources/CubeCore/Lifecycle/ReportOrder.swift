package import CubeTypes

/// The order in which a worker made its reports about one task: `(placement, run, state)` only grows, and an end is the last
/// report about a placement.
package struct ReportOrder: Comparable, Sendable {
    package let placement: Int
    package let run: Int
    package let stage: Stage

    /// The stages of one run, in order.
    package enum Stage: Int, Comparable, Sendable {
        case waiting, starting, running, stopping, ended

        package static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    /// Returns `nil` for a state that this version does not know.
    package init?(_ report: WorkerTask) {
        placement = report.placement
        run = report.run
        switch report.state {
        case .scheduled: stage = report.reason == .starting ? .starting : .waiting
        case .running: stage = .running
        case .stopping: stage = .stopping
        case .completed, .failed, .stopped: stage = .ended
        default: return nil
        }
    }

    package static func < (left: ReportOrder, right: ReportOrder) -> Bool {
        if left.placement != right.placement { return left.placement < right.placement }
        if left.stage == .ended || right.stage == .ended { return left.stage < right.stage }
        return (left.run, left.stage) < (right.run, right.stage)
    }
}
