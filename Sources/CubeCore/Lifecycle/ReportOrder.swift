package import CubeTypes

/// The order in which a worker's reports of one task were made: `(placement, run, stage)` only grows.
package struct ReportOrder: Comparable, Sendable {
    package let placement: Int
    package let run: Int
    package let stage: Stage

    /// What happens to one run, in order.
    package enum Stage: Int, Comparable, Sendable {
        case starting, running, waiting, stopping, ended

        package static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    /// `nil` for a state that this version does not know.
    package init?(_ report: WorkerTask) {
        placement = report.placement
        run = report.run
        switch report.state {
        // Before the first run, or between two: then the run that is named is the one that ended.
        case .scheduled: stage = report.run == 0 || report.reason == .starting ? .starting : .waiting
        case .running: stage = .running
        case .stopping: stage = .stopping
        case .completed, .failed, .stopped: stage = .ended
        default: return nil
        }
    }

    package static func < (left: ReportOrder, right: ReportOrder) -> Bool {
        (left.placement, left.run, left.stage) < (right.placement, right.run, right.stage)
    }
}
