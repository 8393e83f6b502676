package import CubeTypes

/// The limits that a container engine says it can enforce on its machine. They depend on the kernel, and on whether the engine
/// runs as root.
package struct EngineAbilities: Hashable, Sendable {
    package var limitsMemory: Bool
    package var limitsCPU: Bool
    package var limitsProcesses: Bool
    /// The number of cores of the machine; 0 if it is unknown.
    package var cores: Int

    package init(limitsMemory: Bool, limitsCPU: Bool, limitsProcesses: Bool, cores: Int) {
        self.limitsMemory = limitsMemory
        self.limitsCPU = limitsCPU
        self.limitsProcesses = limitsProcesses
        self.cores = cores
    }

    /// All limits that an engine can have.
    package static let all = EngineAbilities(limitsMemory: true, limitsCPU: true, limitsProcesses: true, cores: 0)

    /// Returns the limits to request of the engine, which refuses some that it cannot enforce.
    package func enforceable(_ limits: TaskLimits) -> TaskLimits {
        var limits = limits
        if !limitsMemory { limits.memory = nil }
        if !limitsCPU { limits.millicores = nil }
        if !limitsProcesses { limits.pids = nil }
        // An engine refuses more cores than the machine has.
        if cores > 0, let millicores = limits.millicores { limits.millicores = min(millicores, cores * 1000) }
        // Docker limits the disk space of a container only on XFS with quotas, and refuses to create it otherwise.
        limits.disk = nil
        return limits
    }

    /// Returns the names of the declared limits that the engine does not enforce.
    package func notEnforced(_ limits: TaskLimits) -> [String] {
        let enforced = Set(enforceable(limits).names)
        return limits.names.filter { !enforced.contains($0) }
    }
}
