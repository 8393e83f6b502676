package import CubeTypes

/// What the manager said of an owner: its tasks, slot records and directives, all true at one revision.
package struct ObservedState: Hashable, Sendable {
    package let name: OwnerName
    package var cluster: ClusterID
    package var term: Int
    package private(set) var revision: Int
    package private(set) var owner: OwnerStatus?
    /// By name; a name that has neither a task nor a slot record has no entry.
    package internal(set) var workloads: [WorkloadName: ObservedWorkload] = [:]
    /// Live tasks of other owners, where the list had them: never touched.
    package private(set) var unmanaged: [TaskID: TaskStatus] = [:]
    /// Under what people see digests; `nil` where that was not told, and digests may be under it already.
    package let digestKey: DigestKey?
    private var names: [TaskID: WorkloadName] = [:]

    /// - Parameters:
    ///   - list: every page of a list joined: tasks, slot records and owner.
    ///   - owner: whose state it is.
    package init(_ list: TaskList, of owner: OwnerName) {
        name = owner
        cluster = list.cluster
        term = list.term
        revision = list.revision
        self.owner = list.owner
        digestKey = list.digestKey.flatMap(DigestKey.init(hexadecimal:))
        for task in list.tasks { insert(task) }
        for slot in list.slots { workloads[slot.name, default: ObservedWorkload()].slots[slot.ordinal] = slot }
    }

    /// Takes in what changed.
    ///
    /// - Returns: the names whose tasks or slot records changed. What changed of the owner is for the caller to compare.
    package mutating func apply(_ changes: TaskChanges) -> Set<WorkloadName> {
        var changed: Set<WorkloadName> = []
        for id in changes.removed {
            unmanaged[id] = nil
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

    /// The names of the live tasks that come from each of these files.
    func names(from files: Set<BytePath>) -> [BytePath: Set<WorkloadName>] {
        var names: [BytePath: Set<WorkloadName>] = [:]
        for (name, workload) in workloads {
            for task in workload.tasks.values where !task.state.hasEnded {
                if let source = task.source.map(BytePath.init(text:)), files.contains(source) {
                    names[source, default: []].insert(name)
                }
            }
        }
        return names
    }

    private mutating func insert(_ task: TaskStatus) {
        guard task.owner == name else {
            unmanaged[task.id] = task.state.hasEnded ? nil : task
            return
        }
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
    package var live: [TaskStatus] {
        tasks.values.filter { !$0.state.hasEnded }.sorted {
            ($0.ordinal, $0.attempt, $0.id) < ($1.ordinal, $1.attempt, $1.id)
        }
    }

    /// What ended last, by slot.
    package var ended: [Int: TaskStatus] {
        var last: [Int: TaskStatus] = [:]
        for task in tasks.values where task.state.hasEnded && task.attempt >= last[task.ordinal]?.attempt ?? 0 {
            last[task.ordinal] = task
        }
        return last
    }
}
