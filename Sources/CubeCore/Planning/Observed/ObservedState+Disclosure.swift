import CubeTypes

extension ObservedState {
    /// Whether whoever looked may only read: values of `env` are hidden then, and all digests are under a key that is not known
    /// here.
    package var hidesValues: Bool { digestKey == nil }

    /// Puts what is declared in the place of what whoever looked was not shown.
    ///
    /// Nothing can be compared with a value that is hidden, or anybody could find it by trying. So a task that differs in nothing
    /// that can be seen counts as what is declared, and a changed value of `env` is not noticed; see ``hidesValues``.
    package mutating func disclose(by desired: DesiredState) {
        guard hidesValues else { return }
        for (name, workload) in workloads {
            guard case .readable(let declared)? = desired.workloads[name] else { continue }
            // What each digest stands for that is under the key.
            var meanings: [Digest: Digest] = [:]
            for (id, task) in workload.tasks {
                var task = task
                for (variable, value) in task.definition.env where value == TaskDefinition.hiddenValue {
                    task.definition.env[variable] = declared.definition.env[variable] ?? value
                }
                if task.definition.specDigest == declared.specDigest {
                    meanings[task.specDigest] = declared.specDigest
                    task.specDigest = declared.specDigest
                }
                task.settingsDigest = task.definition.settingsDigest
                workloads[name]?.tasks[id] = task
            }
            for (ordinal, slot) in workload.slots {
                workloads[name]?.slots[ordinal] = slot.mapDigests { meanings[$0] ?? $0 }
            }
        }
    }
}
