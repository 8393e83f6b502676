import CubeErrors
import CubeJSON
import CubeTypes

extension Planner {
    /// Returns the status of the owner as a whole. Conditions that did not change keep their times.
    mutating func summary(holds: [Hold], now: Timestamp) -> SummaryStatus {
        var summary = SummaryStatus(
            cluster: observed?.cluster ?? lastSummary?.cluster, owner: owner,
            source: desired.source ?? lastSummary?.source ?? SourceRevision(path: ""))
        summary.convergedDigest = lastSummary?.convergedDigest
        let limits = observed?.limits ?? GuardLimits()
        summary.holds = holds.map { SummaryStatus.HeldSet($0, limits, wording) }
        summary.counts = tally.counts
        // The cluster's digest key is not known while the cluster was never observed.
        if desired.isKnown {
            summary.desiredDigest = observed == nil ? lastSummary?.desiredDigest : shown(desired.digest)
        }
        if observed != nil, desired.isKnown, !access.isBlind {
            summary.health = tally.worst
            summary.sync = tally.sync[.outOfSync, default: 0] > 0 ? .outOfSync : isStale ? .unknown : .synced
            if isConverged { summary.convergedDigest = shown(desired.digest) }
        }
        summary.conditions = conditions(summary, now).since(lastSummary?.conditions ?? [])
        lastSummary = summary
        return summary
    }

    /// Returns the plan for a cluster or source that cannot be seen. It contains no actions and changes no workload's status
    /// file.
    mutating func blindPlan(now: Timestamp) -> Plan {
        Plan(
            summary: summary(holds: [], now: now), desiredDigest: shown(desired.digest),
            observedDigest: shown(tally.observedDigest))
    }

    private var isStale: Bool {
        !desired.unreadable.isEmpty || !desired.problems.isEmpty || !desired.disputed.isEmpty
    }

    private func conditions(_ summary: SummaryStatus, _ now: Timestamp) -> [Condition] {
        func condition(_ type: Condition.Kind, _ reason: String, _ message: String, _ status: Bool = true) -> Condition
        {
            Condition(type: type, status: status, reason: reason, message: message, lastTransitionTime: now)
        }
        var conditions: [Condition] = []
        switch access {
        case .blind(let reason, let message):
            return [condition(.ready, reason, message, false), condition(.stale, reason, message)]
        case .watching(let reason, let message):
            let hint =
                reason == ErrorReason.ownerTaken.rawValue ? "; \(wording(.claim(owner))) binds it to this source" : ""
            conditions.append(condition(.held, reason, message + hint))
        case .observing: break
        case .writing:
            if let hold = summary.holds.first {
                conditions.append(condition(.held, hold.reason, "\(hold.message); \(hold.approve) releases it"))
            }
        }
        guard observed != nil, desired.isKnown else {
            let problem = desired.problems.first?.message
            let missing =
                desired.isKnown ? "the cluster was not seen yet" : problem ?? "the manifests were not read yet"
            return conditions + [condition(.ready, "unknown", missing, false)]
        }
        conditions.append(
            isConverged
                ? condition(.ready, "converged", convergence)
                : condition(.ready, "not_converged", convergence, false))
        if tally.reconciling > 0 {
            conditions.append(
                condition(.reconciling, "reconciling", "workloads being changed: \(tally.reconciling)"))
        }
        if tally.stalled > 0 {
            conditions.append(
                condition(.stalled, "stalled", "workloads that do not go on by themselves: \(tally.stalled)"))
        }
        if isStale, let finding = sourceTroubles.first {
            let others = sourceTroubles.count - 1
            let more = others == 0 ? "" : " (and \(Count(others, "other problem")))"
            conditions.append(condition(.stale, finding.reason, finding.text + more))
        }
        return conditions
    }

    /// Returns the number of converged workloads in words, such as `1 of 2 workloads is as it should be`.
    static func convergence(_ converged: Int, of all: Int) -> String {
        "\(converged) of \(Count(all, "workload")) "
            + (converged == 1 ? "is as it should be" : "are as they should be")
    }

    private var convergence: String { Self.convergence(tally.converged, of: tally.counts.workloads) }

    // MARK: Findings

    /// The observations that the planner reports but does not act on, sorted.
    var findings: [Finding] {
        var names: [String: (task: TaskStatus, count: Int)] = [:]
        for task in observed?.unmanaged.values ?? [:].values {
            names["\(task.owner)/\(task.name)", default: (task, 0)].count += 1
        }
        let unmanaged = names.sorted { $0.key < $1.key }.map { subject, found in
            Finding(
                reason: Finding.unmanaged, subject: subject,
                message:
                    "another owner's, not touched (live tasks: \(found.count)); `\(wording(.adopt(found.task.name, from: found.task.owner)))` takes it over"
            )
        }
        return sourceFindings + unmanaged
    }

    /// The problems and warnings of the source.
    private var sourceFindings: [Finding] {
        let warnings = desired.warnings.map {
            Finding(reason: $0.reason.rawValue, subject: $0.range.filename, message: $0.message)
        }
        return sourceTroubles + warnings
    }

    /// The problems of the source. Each of them makes the status stale.
    private var sourceTroubles: [Finding] {
        let problems = desired.problems.map {
            Finding(reason: $0.reason.rawValue, subject: $0.range.filename, message: $0.message)
        }
        let files = desired.unreadable.sorted { $0.key < $1.key }.map { file, diagnostics in
            Finding(
                reason: diagnostics.first?.reason.rawValue ?? "unreadable", subject: file.text,
                message: diagnostics.first?.message ?? "it cannot be read")
        }
        let names = desired.disputed.sorted().compactMap { name -> Finding? in
            guard case .kept(let reason)? = desired.workloads[name] else { return nil }
            return Finding(
                reason: reason.rule.rawValue, subject: name.rawValue, message: desired.explanation(of: reason))
        }
        return problems + files + names
    }
}

extension Finding {
    /// The reason of a finding about tasks of other owners.
    package static let unmanaged = "unmanaged"
}
