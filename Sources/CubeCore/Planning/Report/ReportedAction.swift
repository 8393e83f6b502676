package import CubeTypes

/// An action on the way to what is declared, as people and programs read it: in drift files, differences and plans.
package struct ReportedAction: Codable, Hashable, Sendable {
    package var verb: PlannedAction.Verb
    package var ordinal: Int
    /// The id follows from the slot, the attempt and the digest of the definition.
    package var task: TaskID
    /// The rule that made the action.
    package var rule: Rule
    /// A stable word: what the action waits for, or else the rule.
    package private(set) var reason: String
    /// Why the action is taken, for a person.
    package var message: String
    package var state: ActionState
    /// What the action waits for, or what holds it.
    package var waitsFor: WaitReason?
    /// Where the manager would put the task that is to be started; `nil` if nobody asked the manager.
    package var placement: Placement?

    enum CodingKeys: String, CodingKey {
        case verb, ordinal, task, rule, reason, message, state, placement
        case waitsFor = "waits_for"
    }

    /// Where the manager would put a task now: a node, or why there is none. It is advice.
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

/// How far an action is.
package enum ActionState: String, Codable, Hashable, Sendable {
    /// Cube carries it out now.
    case due
    /// A guard or a person keeps it back.
    case held
    /// It waits for something else.
    case waiting
    /// It was requested, and its effect is not complete yet.
    case inFlight = "in_flight"
}
