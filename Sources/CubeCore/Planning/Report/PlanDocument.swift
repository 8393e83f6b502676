package import CubeTypes

/// A plan as people and programs read it, and as it is saved: without definitions, so that no value of `env` is in it.
///
/// It binds what is declared and what lives, each by a digest, and what is to be done. Its own digest shows whether the
/// file is as it was written.
package struct PlanDocument: Codable, Hashable, Sendable {
    package static let currentFormat = "cube-plan/1"

    package struct Workload: Codable, Hashable, Sendable {
        package var name: WorkloadName
        package var file: String?
        package var line: Int?
        /// How many tasks are declared, and how many live.
        package var replicas: WorkloadStatus.Replicas
        /// By field.
        package var differences: [Difference]
        /// In the order in which they are carried out.
        package var actions: [Action]
        /// Why nothing is to be done, and what a person must know, in sentences.
        package var notes: [String]
    }

    package struct Action: Codable, Hashable, Sendable {
        package var verb: PlannedAction.Verb
        package var ordinal: Int
        /// It follows from the slot, the attempt and the digest of the definition.
        package var task: TaskID
        package var rule: Rule
        package var reason: String
        package var state: ActionState
        package var waitsFor: WaitReason?

        enum CodingKeys: String, CodingKey {
            case verb, ordinal, task, rule, reason, state
            case waitsFor = "waits_for"
        }
    }

    /// What one name was when the plan was made, so that it can be said later what moved.
    package struct Footprint: Codable, Hashable, Sendable {
        package var name: WorkloadName
        /// The beginnings of digests over what is declared and over what lives; `nil` where nothing is.
        package var declared: String?
        package var live: String?
    }

    package var format = currentFormat
    package var owner: OwnerName
    package var cluster: ClusterID?
    package var source: SourceRevision
    package var createdAt: Timestamp
    package var desiredDigest: Digest
    package var observedDigest: Digest
    /// How everything is, in words.
    package var state: String
    package var converged: Bool
    /// Those that are not as they should be, by name.
    package var workloads: [Workload]
    /// What holds everything, in words.
    package var notices: [String]
    package var holds: [SummaryStatus.HeldSet]
    package var findings: [Finding]
    /// Every name that is declared or lives, sorted.
    package var footprints: [Footprint]
    /// Over all the rest; `nil` until it is sealed.
    package private(set) var digest: Digest?

    enum CodingKeys: String, CodingKey {
        case format, owner, cluster, source, state, converged, workloads, notices, holds, findings, footprints, digest
        case createdAt = "created_at"
        case desiredDigest = "desired_digest"
        case observedDigest = "observed_digest"
    }

    /// - Parameter encode: writes a document in a form that is the same for the same document.
    package mutating func seal(_ encode: (PlanDocument) throws -> [UInt8]) rethrows {
        digest = try bodyDigest(encode)
    }

    /// Whether it is as it was when it was sealed.
    package func isIntact(_ encode: (PlanDocument) throws -> [UInt8]) rethrows -> Bool {
        try digest == bodyDigest(encode)
    }

    private func bodyDigest(_ encode: (PlanDocument) throws -> [UInt8]) rethrows -> Digest {
        var body = self
        body.digest = nil
        return .sha256(of: try encode(body))
    }
}

extension Planner {
    /// The last plan, for people and programs.
    package func document(_ plan: Plan, at now: Timestamp) -> PlanDocument {
        let conditions = plan.summary.conditions
        return PlanDocument(
            owner: owner, cluster: plan.summary.cluster, source: plan.summary.source, createdAt: now,
            desiredDigest: plan.desiredDigest, observedDigest: plan.observedDigest,
            state: conditions.first { $0.type == .ready }?.message ?? "", converged: plan.isConverged,
            workloads: differingEntries().map(PlanDocument.Workload.init),
            notices: conditions.filter { condition in
                condition.type == .held && !plan.holds.contains { $0.guardName == condition.reason }
            }.map { "\($0.message) (\($0.reason))" },
            holds: plan.summary.holds, findings: plan.findings, footprints: footprints)
    }

    /// The last plan as far as it concerns some names. It is for reading: its digests are those of the whole.
    package func document(_ plan: Plan, of names: [WorkloadName], at now: Timestamp) -> PlanDocument {
        var document = document(plan, at: now)
        document.workloads.removeAll { !names.contains($0.name) }
        document.findings.removeAll { finding in !names.contains { $0.rawValue == finding.subject } }
        document.footprints.removeAll { !names.contains($0.name) }
        document.holds = zip(plan.holds, plan.summary.holds)
            .filter { hold, _ in hold.changes.contains { names.contains($0.name) } }.map(\.1)
        // A name that is neither declared nor lives is as it should be.
        let converged = Set(names).count { entries[$0]?.report?.status.isConverged ?? true }
        document.converged = converged == Set(names).count
        document.state = Self.convergence(converged, of: Set(names).count)
        return document
    }

    private var footprints: [PlanDocument.Footprint] {
        let names = Set(desired.workloads.keys).union(entries.keys).sorted()
        return names.map { name in
            PlanDocument.Footprint(
                name: name, declared: desired.element(of: name).map(beginning),
                live: entries[name].flatMap { $0.observedSum == SetDigest() ? nil : beginning($0.observedSum) })
        }
    }

    /// Enough of a digest to tell two states of a name apart.
    private func beginning(_ sum: SetDigest) -> String { String(shown(sum.digest).hexadecimal.prefix(16)) }

    /// What is not any more as it was when a plan was made, in sentences; none where it can be carried out.
    package func departures(from document: PlanDocument) -> [String] {
        guard document.owner == owner else { return ["the plan is for owner \(document.owner), not \(owner)"] }
        guard document.cluster == observed?.cluster else { return ["the plan is for another cluster"] }
        let moved = declaredDepartures(from: document) + liveDepartures(from: document)
        guard moved.isEmpty else { return moved }
        let due = differingEntries().map(PlanDocument.Workload.init)
        return Set(document.workloads.flatMap(\.calls)) == Set(due.flatMap(\.calls))
            ? [] : ["the planned actions changed, although neither manifests nor tasks did"]
    }

    /// The names whose manifests are not as they were.
    func declaredDepartures(from document: PlanDocument) -> [String] {
        guard document.desiredDigest != shown(desired.digest) else { return [] }
        return changes(from: document, in: \.declared).map { name, old, new in
            if old == nil { return "\(name): a manifest declares it now" }
            return new == nil ? "\(name): no manifest declares it any more" : "\(name): its manifest changed"
        }
    }

    private func liveDepartures(from document: PlanDocument) -> [String] {
        changes(from: document, in: \.live).map { name, _, _ in "\(name): its tasks changed" }
    }

    private func changes(
        from document: PlanDocument, in part: KeyPath<PlanDocument.Footprint, String?>
    ) -> [(name: WorkloadName, old: String?, new: String?)] {
        let then = Dictionary(document.footprints.map { ($0.name, $0[keyPath: part]) }) { first, _ in first }
        let now = Dictionary(footprints.map { ($0.name, $0[keyPath: part]) }) { first, _ in first }
        return Set(then.keys).union(now.keys).sorted()
            .map { ($0, then[$0] ?? nil, now[$0] ?? nil) }.filter { $0.1 != $0.2 }
    }
}

extension PlanDocument.Workload {
    fileprivate init(_ entry: PlanEntry) {
        let status = entry.report.status
        name = entry.name
        file = status.file
        line = status.line
        replicas = status.replicas
        differences = entry.report.drift?.differences ?? []
        actions = entry.steps.map(PlanDocument.Action.init)
        notes = [entry.steps.isEmpty ? entry.reason : nil].compactMap { $0 } + status.conditions.compactMap(\.notice)
    }
}

extension PlanDocument.Workload {
    /// What is called, without how far it is.
    fileprivate var calls: [String] { actions.map { "\($0.verb) \(name)/\($0.ordinal) \($0.task)" } }

    /// Whether it would stop all tasks of a name that is not declared.
    var prunes: Bool { actions.contains { $0.rule == .prune } }
}

extension PlanDocument.Action {
    fileprivate init(_ step: Step) {
        verb = step.action.verb
        ordinal = step.action.ordinal
        task = step.action.task
        rule = step.action.rule
        reason = step.action.reason
        state = step.state
        waitsFor = step.waitsFor
    }

}

extension Condition {
    /// What a person must know of it.
    fileprivate var notice: String? {
        switch type {
        case .stalled, .stale: message
        case .held, .ready, .reconciling: nil
        }
    }
}
