package import CubeTypes

/// A controller of the kernel that holds a group of processes to a limit.
package enum ControlGroupController: String, CaseIterable, Sendable {
    case memory, cpu, pids

    /// The name of the limit, as the status of a task names it.
    package var limit: String { "limits.\(rawValue)" }
}

/// A value for a file of a control group.
package struct ControlGroupSetting: Hashable, Sendable {
    package var file: String
    package var value: String
    /// Whether the limit also holds without the file, which some kernels lack.
    package var isOptional = false
}

extension TaskLimits {
    /// The period in microseconds over which the kernel counts CPU time. It is the default of the kernel and of Docker.
    private static let period = 100_000

    /// Returns the values that hold a control group to the limit of one controller, in the order in which they are written; empty if
    /// the limit is not declared.
    package func settings(
        of controller: ControlGroupController, in version: ControlGroupHierarchy.Version
    ) -> [ControlGroupSetting] {
        switch (controller, version) {
        case (.memory, .two):
            memory.map {
                [
                    ControlGroupSetting(file: "memory.max", value: "\($0)"),
                    // Without this, the kernel would swap out what exceeds the limit. The file is missing if it counts no swap.
                    ControlGroupSetting(file: "memory.swap.max", value: "0", isOptional: true),
                    // A task of which one process is missing would neither work nor end.
                    ControlGroupSetting(file: "memory.oom.group", value: "1", isOptional: true),
                ]
            } ?? []
        case (.memory, .one):
            memory.map {
                [
                    ControlGroupSetting(file: "memory.limit_in_bytes", value: "\($0)"),
                    // Memory and swap together. The kernel refuses less than the limit of memory, so this comes second.
                    ControlGroupSetting(file: "memory.memsw.limit_in_bytes", value: "\($0)", isOptional: true),
                ]
            } ?? []
        case (.cpu, .two):
            millicores.map {
                [ControlGroupSetting(file: "cpu.max", value: "\($0 * Self.period / 1000) \(Self.period)")]
            } ?? []
        case (.cpu, .one):
            millicores.map {
                [
                    ControlGroupSetting(file: "cpu.cfs_period_us", value: "\(Self.period)"),
                    ControlGroupSetting(file: "cpu.cfs_quota_us", value: "\($0 * Self.period / 1000)"),
                ]
            } ?? []
        case (.pids, _): pids.map { [ControlGroupSetting(file: "pids.max", value: "\($0)")] } ?? []
        }
    }
}
