package import CubeTypes

/// One request to the manager, with its reason. Carrying out the action involves no further decision.
package struct PlannedAction: Codable, Hashable, Sendable {
    package enum Verb: String, Codable, Hashable, Sendable {
        case schedule, update, stop
    }

    package var name: WorkloadName
    package var ordinal: Int
    /// The rule that led to the action.
    package var rule: Rule
    /// The reason in words for people.
    package var reason: String
    package var operation: PlannedOperation

    package init(name: WorkloadName, ordinal: Int, rule: Rule, reason: String, operation: PlannedOperation) {
        self.name = name
        self.ordinal = ordinal
        self.rule = rule
        self.reason = reason
        self.operation = operation
    }

    package var verb: Verb {
        switch operation {
        case .schedule: .schedule
        case .update: .update
        case .stop: .stop
        }
    }

    /// The task that the action concerns.
    package var task: TaskID {
        switch operation {
        case .schedule(let proposal, _): proposal.id
        case .update(let update): update.id
        case .stop(let stop): stop.id
        }
    }
}
