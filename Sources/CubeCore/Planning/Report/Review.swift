package import CubeJSON
package import CubeTypes

/// The effect of a change of manifests, determined from the manifests alone, for reviewers. The effect on a cluster, including
/// guards and the pace of updates, is in a plan.
package struct Review: Codable, Hashable, Sendable {
    /// The changes, sorted by name.
    package var changes: [Change]
    /// The errors in the later manifests, by file.
    package var diagnostics: [Diagnostic]

    /// The change of one workload.
    package struct Change: Codable, Hashable, Sendable {
        package enum Kind: String, Codable, Hashable, Sendable {
            case added, changed, removed
            /// The file is invalid, or another file has the same name. The workload stays unchanged until this is resolved.
            case kept
        }

        package var name: WorkloadName
        package var kind: Kind
        package var effect: Effect
        /// The effect in words, without a subject and a full stop.
        package var consequence: String
        /// The file that declares the workload, or declared it before it was removed.
        package var file: String
        package var line: Int
        /// The changed fields, sorted by name.
        package var fields: [Field]
    }

    /// The effect of a change.
    package enum Effect: String, Codable, Hashable, Sendable {
        case start, replace, update, stop
        /// The number of tasks changes, or the reconciler manages them differently. Existing tasks are neither replaced nor
        /// updated.
        case steer
        /// No effect.
        case none
    }

    /// A changed field. Values of `env` are never shown; instead, `to` is `added`, `changed` or `removed`.
    package struct Field: Codable, Hashable, Sendable {
        package var field: String
        package var from: String?
        package var to: String?
        /// Whether the change of the field replaces tasks.
        package var replaces: Bool
    }

    /// - Parameters:
    ///   - base: the earlier manifests.
    ///   - revision: the later manifests.
    package init(base: ManifestSnapshot, revision: ManifestSnapshot) {
        // Apply both in order, like a reconciler: a workload whose later manifest is invalid keeps its earlier definition.
        var desired = DesiredState(oneShot: true)
        _ = desired.apply(base)
        desired.assumeAllRun()
        let before = desired.workloads
        let unreadable = Set(desired.files.unreadable.keys)
        _ = desired.apply(revision)
        let after = desired.workloads
        let names = Set(before.keys).union(after.keys).sorted()
        changes = names.compactMap { name in
            Change(
                name, from: before[name], to: after[name], unreadableBefore: unreadable,
                explaining: desired.explanation(of:))
        }
        diagnostics =
            desired.listing.problems + desired.files.unreadable.sorted { $0.key < $1.key }.flatMap(\.value)
            + desired.declarations.disputed.sorted().flatMap { desired.diagnostics(of: $0) }
    }
}

extension Review.Change {
    fileprivate init?(
        _ name: WorkloadName, from old: DesiredWorkload?, to new: DesiredWorkload?, unreadableBefore: Set<BytePath>,
        explaining explain: (KeptReason) -> String
    ) {
        switch (old, new) {
        case (_, .kept(let reason)?):
            // A workload that was already kept before has not changed.
            if case .kept? = old { return nil }
            guard let place = old?.declared?.range ?? reason.places.first else { return nil }
            self.init(name: name, kind: .kept, effect: .none, consequence: explain(reason), at: place)
        case (.readable(let old)?, .readable(let new)?): self.init(from: old, to: new)
        case (_, .readable(let new)?):
            let isKnown = old == nil && !unreadableBefore.contains(new.file)
            self.init(
                name: name, kind: .added, effect: new.steering.suspend ? .none : .start,
                consequence: new.steering.suspend
                    ? "starts nothing while the workload is suspended"
                    : isKnown ? "starts \(new.tasks)" : "was invalid before; now declares \(new.tasks)",
                at: new.range, fields: new.fields(changedFrom: nil))
        case (.readable(let old)?, nil):
            self.init(
                name: name, kind: .removed, effect: old.steering.prune ? .stop : .none,
                consequence: old.steering.prune
                    ? "stops \(old.tasks)" : "is no longer managed; its tasks keep running, because prune is false",
                at: old.range)
        case (.kept?, nil), (nil, nil): return nil
        }
    }

    private init?(from old: Workload, to new: Workload) {
        let fields = new.fields(changedFrom: old)
        let moved = old.file != new.file
        guard !fields.isEmpty || moved else { return nil }
        self.init(
            name: new.name, kind: .changed, effect: .none, consequence: "moved from \(old.file); nothing else changes",
            at: new.range, fields: fields)
        let scale: [String] =
            old.steering.replicas == new.steering.replicas
            ? [] : ["scales from \(Count(old.steering.replicas, "task")) to \(new.steering.replicas)"]
        if new.specDigest != old.specDigest {
            let reasons = fields.filter(\.replaces).map(\.field).joined(separator: ", ")
            let replaced = min(old.steering.replicas, new.steering.replicas)
            (effect, consequence) = (
                .replace,
                (["replaces \(Count(replaced, "task")) (changed: \(reasons))"] + scale).joined(separator: "; ")
            )
        } else if new.settingsDigest != old.settingsDigest {
            (effect, consequence) = (.update, (["updates its tasks in place"] + scale).joined(separator: "; "))
        } else if !fields.isEmpty {
            (effect, consequence) = (.steer, scale.first ?? "changes no running task")
        }
        if new.steering.suspend { (effect, consequence) = (.none, "changes nothing while the workload is suspended") }
    }

    private init(
        name: WorkloadName, kind: Kind, effect: Review.Effect, consequence: String, at place: SourceRange,
        fields: [Review.Field] = []
    ) {
        self.init(
            name: name, kind: kind, effect: effect, consequence: consequence, file: place.filename,
            line: place.start.line, fields: fields)
    }
}

extension DesiredWorkload {
    fileprivate var declared: Workload? { if case .readable(let workload) = self { workload } else { nil } }
}

extension KeptReason {
    fileprivate var places: [SourceRange] {
        switch self {
        case .unreadable(let files): files.map { SourceRange(filename: $0.text) }
        case .disputed(let places): places
        case .groupInvalid(_, let files): files.map { SourceRange(filename: $0.text) }
        case .unresolvedDependency(let diagnostics): diagnostics.map(\.range)
        }
    }
}

extension Workload {
    /// The number of tasks, such as `1 job` or `3 tasks`.
    fileprivate var tasks: Count { Count(steering.replicas, definition.kind == .job ? "job" : "task") }

    /// Returns the fields that differ from an earlier workload or, if there is none, from the defaults.
    fileprivate func fields(changedFrom old: Workload?) -> [Review.Field] {
        let standard = Workload(
            definition: TaskDefinition(name: name, kind: definition.kind), range: range, fields: self.fields)
        return differences(from: old ?? standard).map { difference in
            let key = difference.field.prefix { $0 != "." }
            let isHidden = key == "env"
            // A new workload has no earlier values; the defaults serve only for the comparison.
            return Review.Field(
                field: difference.field, from: old == nil || isHidden ? nil : difference.observed,
                to: difference.desired ?? (isHidden ? difference.observed : nil),
                replaces: old != nil && difference.replaces)
        }
        .sorted { $0.field < $1.field }
    }
}
