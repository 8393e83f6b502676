import CubeTypes

/// The call that is due to a task's worker, determined from the desired state and the worker's last report.
package enum DueCall: Hashable, Sendable {
    case assign
    case update
    case stop
}

extension TaskRecord {
    package var dueCall: DueCall? {
        switch phase {
        case .pending, .ended: nil
        case .stopping(let placement): placement.report?.state == .stopping ? nil : .stop
        case .scheduled(let placement), .running(let placement):
            if let report = placement.report {
                report.settingsDigest == settingsDigest ? nil : .update
            } else {
                .assign
            }
        }
    }
}
