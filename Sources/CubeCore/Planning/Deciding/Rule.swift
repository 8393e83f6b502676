import CubeTypes

/// The rule behind an action or behind the lack of one: a stable word.
package struct Rule: OpenSet {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    // Rules under which nothing is done.
    package static let inSync: Rule = "in_sync"
    package static let completed: Rule = "completed"
    package static let failed: Rule = "failed"
    package static let rolloutStalled: Rule = "rollout_stalled"
    package static let suspended: Rule = "suspended"
    package static let sourceUnreadable: Rule = "source_unreadable"
    package static let groupInvalid: Rule = "group_invalid"
    package static let duplicateName: Rule = "duplicate_name"
    package static let gone: Rule = "gone"

    // Rules that schedule tasks.
    package static let notStarted: Rule = "not_started"
    package static let notRunning: Rule = "not_running"
    package static let retry: Rule = "retry"

    // Rules that replace tasks.
    package static let specChanged: Rule = "spec_changed"
    package static let restart: Rule = "restart"
    package static let nodeDrained: Rule = "node_drained"
    package static let reverted: Rule = "reverted"

    // Rules that change tasks in place.
    package static let settingsChanged: Rule = "settings_changed"
    package static let fileMoved: Rule = "file_moved"

    // Rules that stop tasks.
    package static let scaleDown: Rule = "scale_down"
    package static let duplicateTask: Rule = "duplicate_task"
    /// The stop of a task that is as declared was requested, as by `cube down`. The manager does not record by whom.
    package static let stopRequested: Rule = "stop_requested"
    package static let prune: Rule = "prune"
}

/// The reason why an action is delayed or held: a stable word.
package struct WaitReason: OpenSet {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    // The action waits and proceeds without intervention.
    package static let slotStopping: WaitReason = "slot_stopping"
    package static let surplusStopping: WaitReason = "surplus_stopping"
    package static let maxSurge: WaitReason = "max_surge"
    package static let successorUnready: WaitReason = "successor_unready"
    package static let maxUnavailable: WaitReason = "max_unavailable"
    package static let minHealthy: WaitReason = "min_healthy"
    package static let dependencyUnhealthy: WaitReason = "dependency_unhealthy"
    package static let dependentsRunning: WaitReason = "dependents_running"
    package static let nodeUnknown: WaitReason = "node_unknown"
    package static let rolloutStalled: WaitReason = "rollout_stalled"
    package static let noEffect: WaitReason = "no_effect"
    package static let retryBudget: WaitReason = "retry_budget"
    package static let absenceUnproved: WaitReason = "absence_unproved"
    package static let sourceIncomplete: WaitReason = "source_incomplete"
    package static let sourceUnreadable: WaitReason = "source_unreadable"

    // The action is held. An approval releases it, except for `suspended`, `not_planned` and `contested`.
    package static let suspended: WaitReason = "suspended"
    package static let sourceBusy: WaitReason = "source_busy"
    package static let rootReplaced: WaitReason = "root_replaced"
    package static let pruneDisabled: WaitReason = "prune_disabled"
    package static let guardEmpty: WaitReason = "guard_empty"
    package static let guardForeign: WaitReason = "guard_foreign"
    package static let guardWindow: WaitReason = "guard_window"
    package static let guardStorage: WaitReason = "guard_storage"
    package static let notPlanned: WaitReason = "not_planned"
    package static let contested: WaitReason = "contested"
}
