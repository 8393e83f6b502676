import CubeTypes

extension ObservedState {
    /// Whether the state was read with read-only access. Then values of `env` are hidden, and all digests are keyed with an
    /// unknown key.
    package var hidesValues: Bool { digestKey == nil }

    /// Replaces hidden values and keyed digests by declared ones, if the state was read with read-only access.
    ///
    /// Hidden values cannot be compared, because a comparison would allow a reader to find them by trial. Therefore, a task
    /// without a visible difference counts as up to date, and a changed value of `env` is not detected; see ``hidesValues``.
    package mutating func disclose(by desired: DesiredState) {
        guard hidesValues else { return }
        for (name, workload) in workloads {
            guard case .readable(let declared)? = desired.workloads[name] else { continue }
            // The declared digest for each keyed digest.
            var meanings: [Digest: Digest] = [:]
            for var task in workload.tasks.values {
                for (variable, value) in task.definition.env where value == TaskDefinition.hiddenValue {
                    task.definition.env[variable] = declared.definition.env[variable] ?? value
                }
                if declared.fields.specDigest(of: task.definition) == declared.specDigest {
                    meanings[task.specDigest] = declared.specDigest
                    task.specDigest = declared.specDigest
                }
                task.settingsDigest = declared.fields.settingsDigest(of: task.definition)
                workloads[name]?.put(task)
            }
            for (ordinal, slot) in workload.slots {
                workloads[name]?.slots[ordinal] = slot.mapDigests { meanings[$0] ?? $0 }
            }
        }
    }
}
