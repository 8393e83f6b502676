package import CubeTypes

/// What the manager said of an owner: its tasks, slot records and directives, all true at one revision.
package struct ObservedState: Hashable, Sendable {
    package var cluster: ClusterID
    package var term: Int
    package private(set) var revision: Int
    package private(set) var owner: OwnerStatus?
    /// By name; a name that has neither a task nor a slot record has no entry.
    package private(set) var workloads: [WorkloadName: ObservedWorkload] = [:]
    private var names: [TaskID: WorkloadName] = [:]

    /// - Parameter list: every page of a list joined: tasks, slot records and owner.
    package init(_ list: TaskList) {
        cluster = list.cluster
        term = list.term
        revision = list.revision
        owner = list.owner
        for task in list.tasks { insert(task) }
        for slot in list.slots { workloads[slot.name, default: ObservedWorkload()].slots[slot.ordinal] = slot }
    }

    /// Takes in what changed.
    ///
    /// - Returns: the names whose tasks or slot records changed. What changed of the owner is for the caller to compare.
    package mutating func apply(_ changes: TaskChanges) -> Set<WorkloadName> {
        var changed: Set<WorkloadName> = []
        for id in changes.removed {
            guard let name = names.removeValue(forKey: id) else { continue }
            workloads[name]?.tasks[id] = nil
            if workloads[name] == ObservedWorkload() { workloads[name] = nil }
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
        if let owner = changes.owner { self.owner = owner }
        term = changes.term
        revision = changes.revision
        return changed
    }

    private mutating func insert(_ task: TaskStatus) {
        names[task.id] = task.name
        workloads[task.name, default: ObservedWorkload()].tasks[task.id] = task
    }
}

/// What the manager said of one name.
package struct ObservedWorkload: Hashable, Sendable {
    package var tasks: [TaskID: TaskStatus] = [:]
    package var slots: [Int: SlotStatus] = [:]

    package init() {}

    /// What has not ended, by ordinal and attempt.
    package var live: [TaskStatus] { sorted { !$0.state.hasEnded } }

    /// What ended last in a slot.
    package func ended(_ ordinal: Int) -> TaskStatus? {
        tasks.values.filter { $0.ordinal == ordinal && $0.state.hasEnded }.max { $0.attempt < $1.attempt }
    }

    private func sorted(_ isIncluded: (TaskStatus) -> Bool) -> [TaskStatus] {
        tasks.values.filter(isIncluded).sorted {
            ($0.ordinal, $0.attempt, $0.id) < ($1.ordinal, $1.attempt, $1.id)
        }
    }
}
