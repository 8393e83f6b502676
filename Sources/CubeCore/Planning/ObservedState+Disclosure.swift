import CubeTypes

extension ObservedState {
    /// Fills in the values of `env` that whoever looked was not shown, where a task's digest shows that they are those which
    /// are declared. What stays hidden is not what is declared.
    package mutating func disclose(by desired: DesiredState) {
        for (name, workload) in workloads {
            guard case .readable(let declared)? = desired.workloads[name] else { continue }
            for (id, task) in workload.tasks {
                guard let definition = task.disclosed(by: declared.definition) else { continue }
                workloads[name]?.tasks[id]?.definition = definition
            }
        }
    }
}

extension TaskStatus {
    /// The definition with the declared values in the place of the hidden ones; `nil` where nothing is hidden, or the values
    /// are others.
    fileprivate func disclosed(by declared: TaskDefinition) -> TaskDefinition? {
        var candidate = definition
        candidate.env = definition.env.reduce(into: [:]) { values, variable in
            let isHidden = variable.value == TaskDefinition.hiddenValue
            values[variable.key] = isHidden ? declared.env[variable.key] ?? variable.value : variable.value
        }
        return candidate.env != definition.env && candidate.specDigest == specDigest ? candidate : nil
    }
}
