package import CubeTypes

/// A plan for people and programs, and for saving. It contains no definitions, and therefore no values of `env`.
///
/// The document contains the digests of the declared state and of the live tasks, and the planned actions. Its own digest detects
/// changes of the file.
package struct PlanDocument: Codable, Hashable, Sendable {
    package static let currentFormat = "cube-plan/2"

    package struct Workload: Codable, Hashable, Sendable {
        package var name: WorkloadName
        package var file: String?
        package var line: Int?
        /// The numbers of declared, live and ready tasks.
        package var replicas: WorkloadStatus.Replicas
        /// The differences, sorted by field.
        package var differences: [Difference]
        /// The actions, in the order of execution.
        package var actions: [ReportedAction]
        /// The reason if there is no action, and the messages that people must know.
        package var notes: [String]
    }

    /// The state of one workload when the plan was made. Comparing it with the present state shows which workloads changed since.
    package struct Footprint: Codable, Hashable, Sendable {
        package var name: WorkloadName
        /// The first digits of the digests of the manifest and of the live tasks; `nil` if there are none.
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
    /// The overall state in words.
    package var state: String
    package var converged: Bool
    /// The workloads that differ from their manifests or are degraded, sorted by name.
    package var workloads: [Workload]
    /// The reasons that hold all actions, in words.
    package var notices: [String]
    package var holds: [SummaryStatus.HeldSet]
    package var findings: [Finding]
    /// A footprint for every workload that is declared or has live tasks, sorted by name.
    package var footprints: [Footprint]
    /// The digest of all other fields; `nil` until the document is sealed.
    package private(set) var digest: Digest?

    enum CodingKeys: String, CodingKey {
        case format, owner, cluster, source, state, converged, workloads, notices, holds, findings, footprints, digest
        case createdAt = "created_at"
        case desiredDigest = "desired_digest"
        case observedDigest = "observed_digest"
    }

    /// Sets the digest of the document.
    ///
    /// - Parameter encode: encodes a document deterministically.
    package mutating func seal(_ encode: (PlanDocument) throws -> [UInt8]) rethrows {
        digest = try bodyDigest(encode)
    }

    /// Whether the document is unchanged since it was sealed.
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
    /// Returns the document of the last plan.
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

    /// Returns the part of the last plan that concerns some workloads. It is only for display, because its digests are those of
    /// the whole plan.
    package func document(_ plan: Plan, of names: [WorkloadName], at now: Timestamp) -> PlanDocument {
        var document = document(plan, at: now)
        document.workloads.removeAll { !names.contains($0.name) }
        document.findings.removeAll { finding in !names.contains { $0.rawValue == finding.subject } }
        document.footprints.removeAll { !names.contains($0.name) }
        document.holds = zip(plan.holds, plan.summary.holds)
            .filter { hold, _ in hold.changes.contains { names.contains($0.name) } }.map(\.1)
        // A workload that is neither declared nor has live tasks counts as converged.
        let converged = Set(names).count { index.entries[$0]?.report?.status.isConverged ?? true }
        document.converged = converged == Set(names).count
        document.state = Self.convergence(converged, of: Set(names).count)
        return document
    }

    private var footprints: [PlanDocument.Footprint] {
        let names = Set(desired.workloads.keys).union(index.entries.keys).sorted()
        return names.map { name in
            PlanDocument.Footprint(
                name: name, declared: desired.declarations.element(of: name).map(beginning),
                live: index.entries[name].flatMap { $0.observedSum == SetDigest() ? nil : beginning($0.observedSum) })
        }
    }

    /// Returns the first digits of a digest, which are enough to distinguish two states of a workload.
    private func beginning(_ sum: SetDigest) -> String { String(inputs.shown(sum.digest).hexadecimal.prefix(16)) }

    /// Returns the changes since a plan was made, in words. If there are none, the plan can be carried out.
    package func departures(from document: PlanDocument) -> [String] {
        guard document.owner == owner else { return ["the plan is for owner \(document.owner), not \(owner)"] }
        guard document.cluster == observed?.cluster else { return ["the plan is for another cluster"] }
        let moved = declaredDepartures(from: document) + liveDepartures(from: document)
        guard moved.isEmpty else { return moved }
        let due = differingEntries().map(PlanDocument.Workload.init)
        return Set(document.workloads.flatMap(\.calls)) == Set(due.flatMap(\.calls))
            ? [] : ["the planned actions changed, although neither manifests nor tasks did"]
    }

    /// Returns the changes of manifests since a plan was made, in words.
    func declaredDepartures(from document: PlanDocument) -> [String] {
        guard document.desiredDigest != inputs.shown(desired.digest) else { return [] }
        return changes(from: document, in: \.declared).map { name, old, new in
            if old == nil { return "\(name): its manifest was added" }
            return new == nil ? "\(name): its manifest was removed" : "\(name): its manifest changed"
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
        actions = entry.steps.map { ReportedAction($0) }
        notes = [entry.steps.isEmpty ? entry.reason : nil].compactMap { $0 } + status.conditions.compactMap(\.notice)
    }
}

extension PlanDocument.Workload {
    /// The planned calls, without their progress.
    fileprivate var calls: [String] { actions.map { "\($0.verb) \(name)/\($0.ordinal) \($0.task)" } }

    /// Whether the workload is not declared, so that all its tasks would be stopped.
    var prunes: Bool { actions.contains { $0.rule == .prune } }
}

extension Condition {
    /// The message, if the condition needs attention in a plan.
    fileprivate var notice: String? {
        switch type {
        case .stalled, .stale: message
        case .held, .imageMoved, .imageOutdated, .ready, .reconciling: nil
        }
    }
}
