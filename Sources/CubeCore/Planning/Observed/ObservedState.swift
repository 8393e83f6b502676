package import CubeTypes

/// The manager's state of an owner at one revision: its tasks, slot records and directives.
package struct ObservedState: Hashable, Sendable {
    package let name: OwnerName
    package var cluster: ClusterID
    package var term: Int
    package private(set) var revision: Int
    /// The owner without its pruned names, which are in ``window``.
    package private(set) var owner: OwnerStatus?
    /// The recently pruned names, as the manager counts them.
    package private(set) var window = GuardWindow()
    /// The names with tasks that have not ended.
    private(set) var liveNames: Set<WorkloadName> = []
    /// The workloads by name. A workload that has neither a task nor a slot record has no entry.
    package internal(set) var workloads: [WorkloadName: ObservedWorkload] = [:]
    /// The live tasks of other owners, if the list contains them. They are never changed.
    package private(set) var unmanaged: [TaskID: TaskStatus] = [:]
    /// The key for digests that people see; `nil` if the manager did not send it, in which case the digests may already be keyed.
    package let digestKey: DigestKey?
    private var names: [TaskID: WorkloadName] = [:]

    /// - Parameters:
    ///   - list: all pages of a task list, joined, with tasks, slot records and the owner.
    ///   - owner: the owner of the state.
    package init(_ list: TaskList, of owner: OwnerName) {
        name = owner
        cluster = list.cluster
        term = list.term
        revision = list.revision
        digestKey = list.digestKey.flatMap(DigestKey.init(hexadecimal:))
        if let owner = list.owner { take(owner) }
        // In this order, each live task of a workload is added behind the others.
        for task in list.tasks.sorted(by: ObservedWorkload.precedes) { insert(task) }
        for slot in list.slots { workloads[slot.name, default: ObservedWorkload()].slots[slot.ordinal] = slot }
        liveNames = Set(workloads.filter { $0.value.lives }.keys)
    }

    /// How many names may be pruned without an approval, as the manager enforces it.
    package var limits: GuardLimits { owner?.limits ?? GuardLimits() }

    /// Applies changes.
    ///
    /// - Returns: the names of workloads whose tasks or slot records changed. Changes of the owner are not included.
    package mutating func apply(_ changes: TaskChanges) -> Set<WorkloadName> {
        var changed: Set<WorkloadName> = []
        for id in changes.removed {
            unmanaged[id] = nil
            guard let name = names.removeValue(forKey: id) else { continue }
            workloads[name]?.remove(id)
            if workloads[name]?.isEmpty == true { workloads[name] = nil }
            changed.insert(name)
        }
        for task in changes.changed {
            insert(task)
            changed.insert(task.name)
        }
        for slot in changes.slots {
            workloads[slot.name, default: ObservedWorkload()].slots[slot.ordinal] = slot
            changed.insert(slot.name)
        }
        for name in changed { liveNames.set(name, workloads[name]?.lives ?? false) }
        if let owner = changes.owner { take(owner) }
        term = changes.term
        revision = changes.revision
        return changed
    }

    /// What the manager knows of a name; `nil` when it has neither a task nor a slot.
    func known(_ name: WorkloadName) -> KnownName? {
        workloads[name].map { KnownName($0, claimedRevision: owner?.claimedRevision ?? 0) }
    }

    private mutating func take(_ status: OwnerStatus) {
        if status.prunedSince == nil { window = GuardWindow(status.pruned) } else { window.merge(status.pruned) }
        var owner = status
        (owner.pruned, owner.prunedSince) = ([], nil)
        self.owner = owner
    }

    private mutating func insert(_ task: TaskStatus) {
        guard task.owner == name else {
            unmanaged[task.id] = task.state.hasEnded ? nil : task
            return
        }
        names[task.id] = task.name
        workloads[task.name, default: ObservedWorkload()].put(task)
    }
}

/// The manager's state of one workload.
package struct ObservedWorkload: Hashable, Sendable {
    package private(set) var tasks: [TaskID: TaskStatus] = [:]
    package var slots: [Int: SlotStatus] = [:]
    /// The live tasks, sorted by ordinal and attempt.
    package private(set) var live: [TaskStatus] = []

    package init() {}

    var isEmpty: Bool { tasks.isEmpty && slots.isEmpty }

    /// Whether any of its tasks has not ended.
    var lives: Bool { !live.isEmpty }

    /// Adds a task, or replaces the one with its id.
    mutating func put(_ task: TaskStatus) {
        remove(task.id)
        tasks[task.id] = task
        if !task.state.hasEnded { live.insert(task, at: place(of: task)) }
    }

    mutating func remove(_ id: TaskID) {
        guard let task = tasks.removeValue(forKey: id), !task.state.hasEnded else { return }
        live.remove(at: place(of: task))
    }

    /// The position among the live tasks.
    private func place(of task: TaskStatus) -> Int { live.countOfFirst { Self.precedes($0, task) } }

    /// The order by ordinal and attempt.
    static func precedes(_ left: TaskStatus, _ right: TaskStatus) -> Bool {
        (left.ordinal, left.attempt, left.id) < (right.ordinal, right.attempt, right.id)
    }

    /// The task that ended last, by ordinal.
    package var ended: [Int: TaskStatus] {
        var last: [Int: TaskStatus] = [:]
        for task in tasks.values where task.state.hasEnded && task.attempt >= last[task.ordinal]?.attempt ?? 0 {
            last[task.ordinal] = task
        }
        return last
    }
}
