package import CubeTypes

/// The differences of a workload from its manifest: the content of `drift/NAME.json`. The file exists only while there are
/// differences.
package struct DriftReport: Codable, Hashable, Sendable {
    package var name: WorkloadName
    package var since: Timestamp
    /// The differences, sorted by field.
    package var differences: [Difference]
    /// The actions, in the order of execution.
    package var actions: [DriftAction]
    /// The guards and other reasons that hold actions, sorted.
    package var heldBy: [String]

    enum CodingKeys: String, CodingKey {
        case name, since, differences, actions
        case heldBy = "held_by"
    }

    package init(
        name: WorkloadName, since: Timestamp, differences: [Difference], actions: [DriftAction], heldBy: [String]
    ) {
        self.name = name
        self.since = since
        self.differences = differences
        self.actions = actions
        self.heldBy = heldBy
    }
}

/// One field that differs from the manifest. Values of `env` are never shown.
package struct Difference: Codable, Hashable, Sendable {
    /// The path of the field in the manifest, such as `stop.grace` or `replicas`.
    package var field: String
    package var desired: String?
    package var observed: String?

    package init(field: String, desired: String?, observed: String?) {
        self.field = field
        self.desired = desired
        self.observed = observed
    }
}

/// One action towards the declared state.
package struct DriftAction: Codable, Hashable, Sendable {
    package var verb: PlannedAction.Verb
    package var ordinal: Int
    /// A stable code: the wait reason or, if there is none, the rule.
    package var reason: String
    package var state: ActionState

    package init(verb: PlannedAction.Verb, ordinal: Int, reason: String, state: ActionState) {
        self.verb = verb
        self.ordinal = ordinal
        self.reason = reason
        self.state = state
    }
}

/// The progress of an action.
package enum ActionState: String, Codable, Hashable, Sendable {
    /// The action is to be carried out now.
    case due
    /// A guard or a person holds the action.
    case held
    /// The action waits for another event.
    case waiting
    /// The action was requested, but its effect is not fully visible yet.
    case inFlight = "in_flight"
}
