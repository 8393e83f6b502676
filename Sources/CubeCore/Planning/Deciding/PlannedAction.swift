package import CubeTypes

/// One call on the manager, with why it is made. Carrying it out takes no decision.
package struct PlannedAction: Codable, Hashable, Sendable {
    package enum Verb: String, Codable, Hashable, Sendable {
        case schedule, update, stop
    }

    package var name: WorkloadName
    package var ordinal: Int
    /// The rule that made it, as a stable word.
    package var rule: Rule
    /// For a person.
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

    /// The task that it is about.
    package var task: TaskID {
        switch operation {
        case .schedule(let proposal, _): proposal.id
        case .update(let update): update.id
        case .stop(let stop): stop.id
        }
    }
}
