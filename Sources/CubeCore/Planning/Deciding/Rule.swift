import CubeTypes

/// Why something is done, or is left as it is: a stable word.
package struct Rule: OpenSet {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    // Nothing is to be done.
    package static let inSync: Rule = "in_sync"
    package static let completed: Rule = "completed"
    package static let failed: Rule = "failed"
    package static let rolloutStalled: Rule = "rollout_stalled"
    package static let suspended: Rule = "suspended"
    package static let sourceUnreadable: Rule = "source_unreadable"
    package static let groupInvalid: Rule = "group_invalid"
    package static let duplicateName: Rule = "duplicate_name"
    package static let gone: Rule = "gone"

    // Tasks are scheduled.
    package static let notStarted: Rule = "not_started"
    package static let notRunning: Rule = "not_running"
    package static let retry: Rule = "retry"

    // Tasks are replaced: stopped first, scheduled then.
    package static let specChanged: Rule = "spec_changed"
    package static let restart: Rule = "restart"
    package static let reverted: Rule = "reverted"

    // Tasks are changed in place.
    package static let settingsChanged: Rule = "settings_changed"
    package static let fileMoved: Rule = "file_moved"

    // Tasks are stopped.
    package static let scaleDown: Rule = "scale_down"
    package static let duplicateTask: Rule = "duplicate_task"
    package static let prune: Rule = "prune"
}

/// Why an action is not carried out yet, or not at all: a stable word.
package struct WaitReason: OpenSet {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    // It waits, and goes on by itself.
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

    // It is held; all but the first and the last two can be approved.
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
