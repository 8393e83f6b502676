package import CubeTypes

/// How a workload differs from its manifest: the content of `drift/NAME.json`, which exists only while it does.
package struct DriftReport: Codable, Hashable, Sendable {
    package var name: WorkloadName
    package var since: Timestamp
    /// By field.
    package var differences: [Difference]
    /// In the order in which they are carried out.
    package var actions: [DriftAction]
    /// The guards and other reasons that hold something back, sorted.
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

/// One field that is not as it is declared. Values of `env` are never shown.
package struct Difference: Codable, Hashable, Sendable {
    /// As the manifest calls it, such as `stop.grace`, or `replicas`.
    package var field: String
    package var desired: String?
    package var observed: String?

    package init(field: String, desired: String?, observed: String?) {
        self.field = field
        self.desired = desired
        self.observed = observed
    }
}

/// One step on the way to what is declared.
package struct DriftAction: Codable, Hashable, Sendable {
    package var verb: PlannedAction.Verb
    package var ordinal: Int
    /// A stable word.
    package var reason: String
    package var state: ActionState

    package init(verb: PlannedAction.Verb, ordinal: Int, reason: String, state: ActionState) {
        self.verb = verb
        self.ordinal = ordinal
        self.reason = reason
        self.state = state
    }
}

/// How far an action is.
package enum ActionState: String, Codable, Hashable, Sendable {
    /// To be carried out now.
    case due
    /// A guard or a person keeps it back.
    case held
    /// It comes after something else.
    case waiting
    /// Asked for, its effect is not seen in full.
    case inFlight = "in_flight"
}
