package import CubeJSON
package import CubeTypes

/// What a change of the manifests would bring, told from the manifests alone: for whoever reviews it, before any cluster sees
/// it. What a cluster makes of it, guards and paces included, a plan tells.
package struct Review: Codable, Hashable, Sendable {
    /// By name.
    package var changes: [Change]
    /// What is wrong with the later manifests, by file.
    package var diagnostics: [Diagnostic]

    /// What became of one workload.
    package struct Change: Codable, Hashable, Sendable {
        package enum Kind: String, Codable, Hashable, Sendable {
            case added, changed, removed
            /// Its file cannot be read, or another one has its name: nobody knows, so that it stays as it is.
            case kept
        }

        package var name: WorkloadName
        package var kind: Kind
        package var effect: Effect
        /// What comes of it, as a sentence without its end.
        package var consequence: String
        /// Where it is declared; of a removed one, where it was.
        package var file: String
        package var line: Int
        /// By name.
        package var fields: [Field]
    }

    /// What comes of a change.
    package enum Effect: String, Codable, Hashable, Sendable {
        case start, replace, update, stop
        /// Tasks come or go, or are treated otherwise from now on; those that stay are not touched.
        case steer
        /// Nothing.
        case none
    }

    /// A field that is another one. Values of `env` are never shown: `to` is then `added`, `changed` or `removed`.
    package struct Field: Codable, Hashable, Sendable {
        package var field: String
        package var from: String?
        package var to: String?
        /// Whether it is a reason to replace tasks.
        package var replaces: Bool
    }

    /// - Parameters:
    ///   - base: the manifests as they were.
    ///   - revision: the manifests as they are to be.
    package init(base: ManifestSnapshot, revision: ManifestSnapshot) {
        // As a reconciler sees them, one after the other: what cannot be read later keeps what it said before.
        var desired = DesiredState(memory: nil, oneShot: true)
        _ = desired.apply(base)
        let before = desired.workloads
        let unreadable = Set(desired.unreadable.keys)
        _ = desired.apply(revision)
        let after = desired.workloads
        let names = Set(before.keys).union(after.keys).sorted()
        changes = names.compactMap { name in
            Change(
                name, from: before[name], to: after[name], unreadableBefore: unreadable,
                explaining: desired.explanation(of:))
        }
        diagnostics =
            desired.problems + desired.unreadable.sorted { $0.key < $1.key }.flatMap(\.value)
            + desired.disputed.sorted().flatMap { desired.diagnostics(of: $0) }
    }
}

extension Review.Change {
    fileprivate init?(
        _ name: WorkloadName, from old: DesiredWorkload?, to new: DesiredWorkload?, unreadableBefore: Set<BytePath>,
        explaining explain: (KeptReason) -> String
    ) {
        switch (old, new) {
        case (_, .kept(let reason)?):
            // What was so before is no change.
            if case .kept? = old { return nil }
            guard let place = old?.declared?.range ?? reason.places.first else { return nil }
            self.init(name: name, kind: .kept, effect: .none, consequence: explain(reason), at: place)
        case (.readable(let old)?, .readable(let new)?): self.init(from: old, to: new)
        case (_, .readable(let new)?):
            let isKnown = old == nil && !unreadableBefore.contains(new.file)
            self.init(
                name: name, kind: .added, effect: new.suspend ? .none : .start,
                consequence: new.suspend
                    ? "starts nothing: it is suspended"
                    : isKnown ? "starts \(new.tasks)" : "was invalid before; now declares \(new.tasks)",
                at: new.range, fields: new.fields(changedFrom: nil))
        case (.readable(let old)?, nil):
            self.init(
                name: name, kind: .removed, effect: old.prune ? .stop : .none,
                consequence: old.prune
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
            old.replicas == new.replicas ? [] : ["goes from \(Count(old.replicas, "task")) to \(new.replicas)"]
        if new.specDigest != old.specDigest {
            let reasons = fields.filter(\.replaces).map(\.field).joined(separator: ", ")
            let replaced = min(old.replicas, new.replicas)
            (effect, consequence) = (
                .replace, (["replaces \(Count(replaced, "task")), for \(reasons)"] + scale).joined(separator: "; ")
            )
        } else if new.settingsDigest != old.settingsDigest {
            (effect, consequence) = (.update, (["updates its tasks in place"] + scale).joined(separator: "; "))
        } else if !fields.isEmpty {
            (effect, consequence) = (.steer, scale.first ?? "leaves its tasks as they are")
        }
        if new.suspend { (effect, consequence) = (.none, "changes nothing now: it is suspended") }
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
    /// Such as `1 job`, `3 tasks`.
    fileprivate var tasks: Count { Count(replicas, definition.kind == .job ? "job" : "task") }

    /// The fields in which it is not what another one is, or where there is none, those that are written.
    fileprivate func fields(changedFrom old: Workload?) -> [Review.Field] {
        let standard = Workload(definition: TaskDefinition(name: name, kind: definition.kind), range: range)
        return differences(from: old ?? standard).map { difference in
            let key = difference.field.prefix { $0 != "." }
            let isHidden = key == "env"
            // What a new one is compared with was never there.
            return Review.Field(
                field: difference.field, from: old == nil || isHidden ? nil : difference.observed,
                to: difference.desired ?? (isHidden ? difference.observed : nil),
                replaces: old != nil && difference.isReplacing)
        }
        .sorted { $0.field < $1.field }
    }
}
