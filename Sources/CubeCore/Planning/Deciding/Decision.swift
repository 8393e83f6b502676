package import CubeTypes

/// What is to become of one name, before guards have their say.
struct Decision: Hashable, Sendable {
    /// The rule that decided, and its reason for a person.
    var rule: Rule
    var reason: String
    /// In the order in which they are carried out.
    var steps: [Step] = []
    var health: WorkloadHealth
    /// Why it does not go on by itself: a person must do something.
    var standstill: Standstill?
    var differences: [Difference] = []
    var replicas: WorkloadStatus.Replicas
    /// Whether what depends on it may go on.
    var isServing: Bool { servesWhileFrozen ?? (health.status == .healthy) }
    /// The same of what is frozen, whose health says nothing of it.
    var servesWhileFrozen: Bool?
    /// What must be gone before it is pruned, sorted.
    var dependents: [WorkloadName] = []
    /// When it may decide otherwise though nothing changed.
    var wakeAt: Timestamp?

    /// The tasks that a prune would stop: those that were not asked to stop yet.
    var prunes: Bool { steps.contains { $0.change?.verb == HeldChange.prune && $0.state == .due } }
    /// Whether it takes away anything.
    var stops: Bool { steps.contains { $0.action.verb == .stop && $0.state == .due } }
}

/// One action on the way to what is declared, and how far it is.
package struct Step: Hashable, Sendable {
    package var action: PlannedAction
    package var state: ActionState
    /// What it waits for, or what holds it.
    package var waitsFor: WaitReason?
    /// What a guard would hold.
    package var change: HeldChange?

    package init(_ action: PlannedAction, _ state: ActionState, waitsFor: WaitReason? = nil, change: HeldChange? = nil)
    {
        self.action = action
        self.state = state
        self.waitsFor = waitsFor
        self.change = change
    }
}

/// How well a workload is, as a stable word and a sentence.
struct WorkloadHealth: Hashable, Sendable {
    var status: HealthStatus
    var reason: String
    var message: String

    init(_ status: HealthStatus, _ reason: String, _ message: String) {
        self.status = status
        self.reason = reason
        self.message = message
    }

    /// A job is healthy once it has completed: until then, its dependents wait.
    static func uncompleted(_ completed: Int, of replicas: Int) -> WorkloadHealth {
        let message =
            replicas == 1
            ? "the job is running" : "\(completed) of \(Count(replicas, "task")) of the job have completed"
        return WorkloadHealth(.progressing, "running", message)
    }
}

/// Why a workload does not go on by itself, as a stable word and a sentence.
struct Standstill: Hashable, Sendable {
    var reason: String
    var message: String
}
