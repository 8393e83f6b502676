import CubeTypes

/// What a task's worker must still be told, by what the manager wants and what the worker said last.
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
