import CubeTypes

/// Everything that a pass is given: the declared state, the observed state, and what the reconciler may do.
struct PlannerInputs: Sendable {
    let owner: OwnerName
    /// Renders the hints in messages.
    let wording: HintWording
    private(set) var desired: DesiredState
    private(set) var observed: ObservedState?
    /// The directives of the observed owner.
    private(set) var directives = DirectiveIndex()
    /// The images for which newer ones are looked for.
    private(set) var watchedImages: [WorkloadName: WatchedImage] = [:]
    /// What registries have that is newer than the manifests.
    private var newerImages: [WorkloadName: NewerImage] = [:]
    var access: WriteAccess = .writing
    /// Whether the data directory is writable. While it is not, no task is stopped without an approval.
    var isStorageWritable = true

    init(owner: OwnerName, wording: @escaping HintWording, oneShot: Bool) {
        self.owner = owner
        self.wording = wording
        desired = DesiredState(oneShot: oneShot)
    }

    /// The observed state; `nil` if the source or the cluster cannot be seen now, so that nothing can be decided.
    var visibleCluster: ObservedState? { desired.isKnown && !access.isBlind ? observed : nil }

    // MARK: Updates

    /// The names that must be decided because of an update.
    enum AffectedNames {
        case all
        case some(Set<WorkloadName>)
    }

    mutating func update(_ snapshot: ManifestSnapshot) -> AffectedNames {
        let names = desired.apply(snapshot)
        for name in names {
            guard case .readable(let workload)? = desired.workloads[name] else {
                // An unreadable manifest says nothing.
                if desired.workloads[name] == nil { watchedImages[name] = nil }
                continue
            }
            watchedImages[name] = WatchedImage(workload)
        }
        return .some(names)
    }

    /// Replaces what is known of registries.
    mutating func update(_ images: [WorkloadName: NewerImage]) -> AffectedNames {
        let names = Set(images.keys).union(newerImages.keys).filter { images[$0] != newerImages[$0] }
        newerImages = images
        return .some(names)
    }

    /// Replaces the observed state with a complete list.
    mutating func update(_ state: ObservedState) -> AffectedNames {
        directives = DirectiveIndex(state.owner?.directives ?? [])
        observed = state
        desired.recordedRoot = state.owner?.root
        return learnEverything(from: state)
    }

    /// Adds changes to the observed state, if there is one.
    mutating func update(_ changes: TaskChanges) -> AffectedNames {
        let (former, window) = (observed?.owner, observed?.window)
        guard var affected = observed?.apply(changes), let observed else { return .some([]) }
        affected.formUnion(desired.know(affected.map { ($0, observed.known($0)) }))
        guard let owner = changes.owner else { return .some(affected) }
        let index = DirectiveIndex(owner.directives)
        affected.formUnion(index.names(differingFrom: directives))
        directives = index
        // A name whose entry in the guard window appeared, changed or ended may need other notes.
        let changed =
            owner.prunedSince == nil ? Set(owner.pruned).symmetricDifference(window?.pruned ?? []) : Set(owner.pruned)
        affected.formUnion(changed.map(\.name))
        desired.recordedRoot = owner.root
        return owner.claimedRevision == former?.claimedRevision ? .some(affected) : learnEverything(from: observed)
    }

    /// Updates what the cluster knows about every name.
    private mutating func learnEverything(from state: ObservedState) -> AffectedNames {
        let names = Set(state.workloads.keys).union(desired.known.names.keys)
        _ = desired.know(names.map { ($0, state.known($0)) })
        return .all
    }

    // MARK: Names

    /// Returns the newer image than the one that the manifest of a workload names now.
    func newerImage(for name: WorkloadName) -> NewerImage? {
        newerImages[name].flatMap { watchedImages[name]?.reference == $0.reference ? $0 : nil }
    }

    func workload(_ name: WorkloadName) -> ObservedWorkload { observed?.workloads[name] ?? ObservedWorkload() }

    func directives(for name: WorkloadName) -> NameDirectives { directives.names[name] ?? .none }

    /// Returns what people want for a name; `nil` if the name is not declared.
    func intent(for name: WorkloadName) -> UndoLimit.Intent? {
        desired.declarations.element(of: name).map { element in
            let directives = directives(for: name)
            return UndoLimit.Intent(declared: element, directives: [directives.retry, directives.restart])
        }
    }

    // MARK: Digests for people

    /// Returns a digest in the form that people see in files, plans and holds.
    func shown(_ digest: Digest) -> Digest { observed?.digestKey?.keyed(digest) ?? digest }

    func shown(_ change: HeldChange) -> HeldChange { observed?.digestKey.map(change.keyed(by:)) ?? change }
}
