package import CubeTypes

/// A planned action in the form in which drift files, differences and plans show it.
package struct ReportedAction: Codable, Hashable, Sendable {
    package var verb: PlannedAction.Verb
    package var ordinal: Int
    /// The id of the task, which is derived from the slot, the attempt and the digest of the definition.
    package var task: TaskID
    /// The planning rule that produced the action.
    package var rule: Rule
    /// A stable word: what the action waits for, or else the rule.
    package private(set) var reason: String
    /// Why the action is taken, for a person.
    package var message: String
    package var state: ActionState
    /// The reason why the action waits or is held; `nil` if there is none.
    package var waitsFor: WaitReason?
    /// The node on which the manager would place the task, or the reason why there is none; `nil` if the action starts no task, or
    /// if the manager was not asked.
    package var placement: Placement?

    enum CodingKeys: String, CodingKey {
        case verb, ordinal, task, rule, reason, message, state, placement
        case waitsFor = "waits_for"
    }

    /// A forecast of where the manager would place a task now: a node, or the reason why no node fits.
    package struct Placement: Codable, Hashable, Sendable {
        package var node: NodeName?
        package var reason: TaskReason?
        package var message: String?

        package init(_ decision: Scheduler.Decision) {
            switch decision {
            case .node(let name): node = name
            case .pending(let cause): (reason, message) = (cause.reason, cause.message)
            }
        }
    }

    package init(
        verb: PlannedAction.Verb, ordinal: Int, task: TaskID, rule: Rule, message: String, state: ActionState,
        waitsFor: WaitReason? = nil, placement: Placement? = nil
    ) {
        self.verb = verb
        self.ordinal = ordinal
        self.task = task
        self.rule = rule
        reason = waitsFor?.rawValue ?? rule.rawValue
        self.message = message
        self.state = state
        self.waitsFor = waitsFor
        self.placement = placement
    }

    init(_ step: Step, placement: Placement? = nil) {
        let action = step.action
        self.init(
            verb: action.verb, ordinal: action.ordinal, task: action.task, rule: action.rule, message: action.reason,
            state: step.state, waitsFor: step.waitsFor, placement: placement)
    }
}

/// The progress of an action.
package enum ActionState: String, Codable, Hashable, Sendable {
    /// Cube carries out the action now.
    case due
    /// A guard or a person holds the action.
    case held
    /// The action waits for something else.
    case waiting
    /// The action was requested, and its effect is not complete yet.
    case inFlight = "in_flight"
}
