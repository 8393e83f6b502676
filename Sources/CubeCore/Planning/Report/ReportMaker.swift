import CubeJSON
import CubeTypes

/// Makes the status files of one workload from a decision.
struct ReportMaker {
    let name: WorkloadName
    let desired: DesiredWorkload?
    let observed: ObservedWorkload
    let decision: Decision
    /// The steps of the decision, after the guards have been applied.
    let steps: [Step]
    /// Why due actions are not carried out: they had no effect, or another client undoes them.
    let stall: Standstill?
    /// A newer image than that of the manifest, which a registry has.
    let newerImage: NewerImage?
    let diagnostics: [Diagnostic]
    let previous: WorkloadReport?
    /// Renders the hints in messages.
    let wording: HintWording
    /// The key for the digests in the report.
    let digestKey: DigestKey?
    let now: Timestamp

    func report() -> WorkloadReport {
        let live = observed.live
        let tasks = self.tasks
        let conditions = self.conditions.since(previous?.status.conditions ?? [])
        var status = WorkloadStatus(
            name: name, sync: sync, health: decision.health.status, replicas: decision.replicas,
            tasks: summaries(of: tasks), endpoints: tasks.usableEndpoints, conditions: conditions,
            diagnostics: diagnostics)
        switch desired {
        case .readable(let workload)?:
            status.file = workload.file.text
            status.line = workload.line
            status.kind = workload.definition.kind
            status.desiredDigest = shown(workload.specDigest)
        case .kept(.unreadable(let files))?: status.file = files.first?.text
        case .kept(.unresolvedDependency(let diagnostics))?:
            status.file = diagnostics[0].range.filename
            status.line = diagnostics[0].range.start.line
        case .kept(.disputed(let places))?:
            status.file = places.first?.filename
            status.line = places.first?.start.line
        case .kept(.groupInvalid)?, nil: status.file = live.first?.source
        }
        if case .kept? = desired { status.kind = tasks.first?.definition.kind }
        let digests = Set(live.map(\.specDigest))
        status.observedDigest = digests.count == 1 ? digests.first.map(shown) : nil
        return WorkloadReport(status: status, drift: drift)
    }

    /// Returns the summaries of tasks with keyed digests. Most tasks have the same digest, so each digest is keyed only once.
    private func summaries(of tasks: [TaskStatus]) -> [TaskSummary] {
        let known = Dictionary(uniqueKeysWithValues: Set(tasks.map(\.specDigest)).map { ($0, shown($0)) })
        return tasks.map { task in
            var summary = TaskSummary(task)
            summary.specDigest = known[task.specDigest]
            return summary
        }
    }

    private func shown(_ digest: Digest) -> Digest { digestKey?.keyed(digest) ?? digest }

    /// Returns the live tasks, and the task that ended last for each declared slot without a live task.
    private var tasks: [TaskStatus] {
        let live = observed.live
        let taken = Set(live.map(\.ordinal))
        let ended = observed.ended.values.filter {
            !taken.contains($0.ordinal) && $0.ordinal < decision.replicas.desired
        }
        return ended.isEmpty ? live : (live + ended).sorted(by: ObservedWorkload.precedes)
    }

    private var sync: SyncStatus {
        if case .kept? = desired { return .unknown }
        return steps.isEmpty && decision.differences.isEmpty ? .synced : .outOfSync
    }

    private var held: [WaitReason] { steps.filter { $0.state == .held }.compactMap(\.waitsFor) }

    private var drift: DriftReport? {
        guard sync == .outOfSync else { return nil }
        return DriftReport(
            name: name, since: previous?.drift?.since ?? now, differences: decision.differences,
            actions: steps.map { ReportedAction($0) }, heldBy: Set(held.map(\.rawValue)).sorted())
    }

    // MARK: Conditions

    private var conditions: [Condition] {
        let (health, rule) = (decision.health, decision.rule)
        let isReady = sync == .synced && health.status == .healthy
        // If the health is fine but the workload is not ready, then it differs from its manifest.
        var conditions = [
            isReady || health.status != .healthy
                ? condition(.ready, health.reason, health.message, isReady)
                : condition(.ready, rule.rawValue, decision.reason, false)
        ]
        if let reason = held.first {
            let count = Count(held.count, "action")
            // For a frozen workload, show who froze it, why and until when.
            let text = reason == .suspended && rule == .suspended ? decision.reason : reason.text
            conditions.append(condition(.held, reason.rawValue, "\(text) (\(count))"))
        }
        if let standstill = stall ?? decision.standstill {
            conditions.append(condition(.stalled, standstill.reason, standstill.message))
        }
        if case .kept? = desired {
            conditions.append(condition(.stale, rule.rawValue, decision.reason))
        }
        if let reconciling { conditions.append(reconciling) }
        if let image = ImageFinding(observed.live) {
            conditions.append(condition(.imageMoved, image.reason, image.message))
        }
        if let image = ImageFinding(newerImage, of: name, wording) {
            conditions.append(condition(.imageOutdated, image.reason, image.message))
        }
        return conditions
    }

    private var reconciling: Condition? {
        if let step = steps.foremost {
            let reason = step.waitsFor?.rawValue ?? step.action.rule.rawValue
            let waits = step.waitsFor.map { "; \($0.text)" } ?? ""
            return condition(
                .reconciling, reason,
                "\(step.action.verb) \(name)/\(step.action.ordinal): \(step.action.reason)\(waits)")
        }
        let health = decision.health
        return health.status == .progressing && sync != .unknown
            ? condition(.reconciling, health.reason, health.message) : nil
    }

    private func condition(_ type: Condition.Kind, _ reason: String, _ message: String, _ status: Bool = true)
        -> Condition
    {
        Condition(type: type, status: status, reason: reason, message: message, lastTransitionTime: now)
    }
}

extension WaitReason {
    /// The reason in words, as a part of a sentence.
    package var text: String {
        switch self {
        case .slotStopping: "waits for the old task to end"
        case .surplusStopping: "waits for surplus tasks to end"
        case .maxSurge: "waits until max_surge allows another task"
        case .successorUnready: "waits for its successor to be available"
        case .maxUnavailable: "waits for other tasks of the workload to be available"
        case .dependencyUnhealthy: "waits for its dependencies to be healthy, or completed if they are jobs"
        case .dependentsRunning: "waits for the workloads that depend on it to stop"
        case .minHealthy: "waits until other tasks have been ready for min_healthy"
        case .nodeUnknown: "waits for a silent node"
        case .rolloutStalled: "the rollout failed"
        case .noEffect: "the action had no effect and is retried after a backoff"
        case .retryBudget: "the action had no effect, and the limit of simultaneous retries is reached"
        case .absenceUnproved: "waits until a second listing confirms that the manifest is gone"
        case .sourceIncomplete: "waits until all manifest directories can be listed"
        case .sourceUnreadable: "waits until all invalid files that may declare the workload are fixed"
        case .suspended: "the workload is suspended"
        case .sourceBusy: "a git operation is changing the manifests"
        case .rootReplaced: "the manifest directory was replaced by another directory"
        case .pruneDisabled: "the last manifest of the workload has prune: false"
        case .guardEmpty: "the source no longer declares any workload"
        case .guardForeign: "this source never declared the workload"
        case .guardWindow: "more workloads would be pruned than the limits allow"
        case .guardStorage: "the data directory cannot be written"
        case .notPlanned: "the saved plan does not contain this action"
        case .contested: "another client keeps undoing this action"
        default: rawValue
        }
    }
}
