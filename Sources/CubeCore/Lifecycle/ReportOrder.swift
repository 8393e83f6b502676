package import CubeTypes

/// The order in which a worker's reports of one task were made: `(placement, run, state)` only grows, and an end is the
/// last that is said of a placement.
package struct ReportOrder: Comparable, Sendable {
    package let placement: Int
    package let run: Int
    package let stage: Stage

    /// What happens to one run, in order.
    package enum Stage: Int, Comparable, Sendable {
        case waiting, starting, running, stopping, ended

        package static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    /// `nil` for a state that this version does not know.
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
