package import CubeTypes

/// The decision about one name, before the guards judge it.
struct Decision: Hashable, Sendable {
    /// The rule that decided, and the reason in words for people.
    var rule: Rule
    var reason: String
    /// The steps, in the order in which they are carried out.
    var steps: [Step] = []
    var health: WorkloadHealth
    /// Why the workload makes no progress until a person acts.
    var standstill: Standstill?
    var differences: [Difference] = []
    var replicas: WorkloadStatus.Replicas
    /// Whether the workload's dependents may proceed.
    var isServing: Bool { servesWhileFrozen ?? (health.status == .healthy) }
    /// The value of ``isServing`` for a frozen workload, whose health does not show whether it serves.
    var servesWhileFrozen: Bool?
    /// The names that must have no live task before this name is pruned, sorted.
    var dependents: [WorkloadName] = []
    /// When the decision may change although no input changes.
    var wakeAt: Timestamp?

    /// Whether a prune would stop any task. Tasks that were already asked to stop do not count.
    var prunes: Bool { steps.contains { $0.change?.verb == HeldChange.prune && $0.state == .due } }
    /// Whether any stop is due.
    var stops: Bool { steps.contains { $0.action.verb == .stop && $0.state == .due } }
}

/// One action that brings a workload closer to its declaration, and the state of that action.
package struct Step: Hashable, Sendable {
    package var action: PlannedAction
    package var state: ActionState
    /// Why the action waits or is held.
    package var waitsFor: WaitReason?
    /// The change that guards judge; `nil` if the action is not subject to guards.
    package var change: HeldChange?

    package init(_ action: PlannedAction, _ state: ActionState, waitsFor: WaitReason? = nil, change: HeldChange? = nil)
    {
        self.action = action
        self.state = state
        self.waitsFor = waitsFor
        self.change = change
    }
}

/// The health of a workload, with a stable reason word and a sentence for people.
struct WorkloadHealth: Hashable, Sendable {
    var status: HealthStatus
    var reason: String
    var message: String

    init(_ status: HealthStatus, _ reason: String, _ message: String) {
        self.status = status
        self.reason = reason
        self.message = message
    }

    /// The health of a job that has not completed. A job becomes healthy when it completes; until then, its dependents wait.
    static func uncompleted(_ completed: Int, of replicas: Int) -> WorkloadHealth {
        let message =
            replicas == 1
            ? "the job is running"
            : "\(completed) of \(Count(replicas, "task")) of the job \(completed == 1 ? "has" : "have") completed"
        return WorkloadHealth(.progressing, "running", message)
    }
}

/// Why a workload makes no progress without intervention: a stable reason word and a sentence for people.
struct Standstill: Hashable, Sendable {
    var reason: String
    var message: String
}
