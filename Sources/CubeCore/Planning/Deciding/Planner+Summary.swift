import CubeErrors
import CubeJSON
import CubeTypes

extension Planner {
    /// Returns a plan without actions, with the status of the owner as a whole. If the cluster or the source cannot be seen, that
    /// is the whole plan: no workload's status file changes.
    mutating func emptyPlan(holds: [Hold], now: Timestamp) -> Plan {
        var plan = Plan(
            summary: summary(holds: holds, now: now), desiredDigest: inputs.shown(desired.digest),
            observedDigest: inputs.shown(index.tally.observedDigest))
        plan.holds = holds
        return plan
    }

    /// Returns the status of the owner as a whole. Conditions that did not change keep their times.
    private mutating func summary(holds: [Hold], now: Timestamp) -> SummaryStatus {
        let last = former.summary
        var summary = SummaryStatus(
            cluster: observed?.cluster ?? last?.cluster, owner: owner,
            source: desired.listing.revision ?? last?.source ?? SourceRevision(path: ""))
        summary.convergedDigest = last?.convergedDigest
        let limits = observed?.limits ?? GuardLimits()
        summary.holds = holds.map { SummaryStatus.HeldSet($0, limits, inputs.wording) }
        summary.counts = index.tally.counts
        // The cluster's digest key is not known while the cluster was never observed.
        if desired.isKnown {
            summary.desiredDigest = observed == nil ? last?.desiredDigest : inputs.shown(desired.digest)
        }
        if inputs.visibleCluster != nil {
            summary.health = index.tally.worst
            summary.sync =
                index.tally.sync[.outOfSync, default: 0] > 0 ? .outOfSync : isStale ? .unknown : .synced
            if isConverged { summary.convergedDigest = inputs.shown(desired.digest) }
        }
        summary.conditions = conditions(summary, now).since(last?.conditions ?? [])
        former.summary = summary
        return summary
    }

    /// Whether every workload is known to be in its declared state.
    var isConverged: Bool {
        index.tally.converged == index.tally.counts.workloads && desired.files.unreadable.isEmpty
            && desired.listing.problems.isEmpty
    }

    private var isStale: Bool {
        !desired.files.unreadable.isEmpty || !desired.listing.problems.isEmpty || !desired.declarations.disputed.isEmpty
    }

    private func conditions(_ summary: SummaryStatus, _ now: Timestamp) -> [Condition] {
        func condition(_ type: Condition.Kind, _ reason: String, _ message: String, _ status: Bool = true) -> Condition
        {
            Condition(type: type, status: status, reason: reason, message: message, lastTransitionTime: now)
        }
        var conditions: [Condition] = []
        switch inputs.access {
        case .blind(let reason, let message):
            return [condition(.ready, reason, message, false), condition(.stale, reason, message)]
        case .watching(let reason, let message):
            let hint =
                reason == ErrorReason.ownerTaken.rawValue
                ? "; \(inputs.wording(.claim(owner))) binds the owner to this source" : ""
            conditions.append(condition(.held, reason, message + hint))
        case .observing: break
        case .writing:
            if let hold = summary.holds.first {
                conditions.append(
                    condition(.held, hold.reason, "\(hold.message); \(hold.approve) approves the held changes"))
            }
        }
        guard observed != nil, desired.isKnown else {
            let problem = desired.listing.problems.first?.message
            let missing =
                desired.isKnown ? "the manager has not answered yet" : problem ?? "the manifests have not been read yet"
            return conditions + [condition(.ready, "unknown", missing, false)]
        }
        conditions.append(
            isConverged
                ? condition(.ready, "converged", convergence)
                : condition(.ready, "not_converged", convergence, false))
        if index.tally.reconciling > 0 {
            conditions.append(
                condition(
                    .reconciling, "reconciling",
                    Count(index.tally.reconciling, "workload").verb("is being changed", "are being changed")))
        }
        if index.tally.stalled > 0 {
            conditions.append(
                condition(
                    .stalled, "stalled",
                    Count(index.tally.stalled, "workload").verb("makes", "make") + " no progress without intervention"))
        }
        if isStale, let finding = sourceTroubles.first {
            let others = sourceTroubles.count - 1
            let more = others == 0 ? "" : " (and \(Count(others, "other problem")))"
            conditions.append(condition(.stale, finding.reason, finding.text + more))
        }
        return conditions
    }

    /// Returns the number of converged workloads in words, such as `1 of 2 workloads converged`.
    static func convergence(_ converged: Int, of all: Int) -> String {
        "\(converged) of \(Count(all, "workload")) converged"
    }

    private var convergence: String { Self.convergence(index.tally.converged, of: index.tally.counts.workloads) }

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
                    "belongs to another owner and is left unchanged (\(Count(found.count, "live task"))); `\(inputs.wording(.adopt(found.task.name, from: found.task.owner)))` takes it over"
            )
        }
        let images = index.imageConditions.sorted { $0.key < $1.key }.flatMap { name, conditions in
            conditions.map { Finding(reason: $0.reason, subject: name.rawValue, message: $0.message) }
        }
        return sourceFindings + images + unmanaged
    }

    /// The problems and warnings of the source.
    private var sourceFindings: [Finding] {
        let warnings = desired.listing.warnings.map {
            Finding(reason: $0.reason.rawValue, subject: $0.range.filename, message: $0.message)
        }
        return sourceTroubles + warnings
    }

    /// The problems of the source. Each of them makes the status stale.
    private var sourceTroubles: [Finding] {
        let problems = desired.listing.problems.map {
            Finding(reason: $0.reason.rawValue, subject: $0.range.filename, message: $0.message)
        }
        let files = desired.files.unreadable.sorted { $0.key < $1.key }.map { file, diagnostics in
            Finding(
                reason: diagnostics.first?.reason.rawValue ?? "unreadable", subject: file.text,
                message: diagnostics.first?.message ?? "the file cannot be read")
        }
        let names = desired.declarations.disputed.sorted().compactMap { name -> Finding? in
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

    /// Whether the finding is about the manifests, and not about tasks.
    package var concernsManifests: Bool {
        ![Self.unmanaged, ImageFinding.moved, ImageFinding.differ, ImageFinding.newer].contains(reason)
    }
}
