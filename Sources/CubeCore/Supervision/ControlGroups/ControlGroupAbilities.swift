package import CubeTypes

/// The limits of processes that a worker found it can enforce through control groups, and why it cannot enforce the others.
package struct ControlGroupAbilities: Hashable, Sendable {
    /// The controllers that work.
    package var hierarchies: [ControlGroupController: ControlGroupHierarchy] = [:]
    /// Why the other controllers do not work.
    package var obstacles: [ControlGroupController: String] = [:]

    package init() {}

    /// The names of the limits that are enforced, in the order of the manifest.
    package var enforced: [String] {
        ControlGroupController.allCases.filter { hierarchies[$0] != nil }.map(\.limit)
    }

    /// Returns the control groups that hold a run to its limits: one for each hierarchy that is needed, sorted by path.
    ///
    /// - Parameter worker: the name of the worker's own group.
    package func groups(
        _ limits: TaskLimits, of run: RunIdentity, worker: String
    ) -> [ControlGroup] {
        groups(limits, name: ControlGroup.name(of: run), worker: worker)
    }

    /// Returns the control groups of a name, as the other `groups` does.
    package func groups(_ limits: TaskLimits, name: String, worker: String) -> [ControlGroup] {
        var groups: [ControlGroupHierarchy: ControlGroup] = [:]
        for controller in ControlGroupController.allCases {
            guard let hierarchy = hierarchies[controller] else { continue }
            let settings = limits.settings(of: controller, in: hierarchy.version)
            guard !settings.isEmpty else { continue }
            groups[hierarchy, default: ControlGroup(hierarchy: hierarchy, worker: worker, name: name)]
                .add(controller, settings)
        }
        return groups.values.sorted { $0.path < $1.path }
    }
}

/// A control group that a worker creates for a run.
package struct ControlGroup: Hashable, Sendable {
    package var hierarchy: ControlGroupHierarchy
    /// The name of the worker's own group, which contains the groups of its runs.
    package var worker: String
    package var name: String
    package private(set) var controllers: [ControlGroupController] = []
    package private(set) var settings: [ControlGroupSetting] = []

    init(hierarchy: ControlGroupHierarchy, worker: String, name: String) {
        (self.hierarchy, self.worker, self.name) = (hierarchy, worker, name)
    }

    mutating func add(_ controller: ControlGroupController, _ settings: [ControlGroupSetting]) {
        controllers.append(controller)
        self.settings += settings
    }

    /// The directory of the worker's own group.
    package var workerPath: String { "\(hierarchy.parent)/\(worker)" }
    package var path: String { "\(workerPath)/\(name)" }

    /// The beginning of the names of all workers' groups. Groups with other names belong to others.
    private static let prefix = "cube-"

    /// Returns the name of the group of the worker in a directory. It has the same name after each restart, and no other worker of
    /// the machine has it.
    package static func worker(in directory: String) -> String {
        let digits = String(FNV1a.hash(directory.utf8), radix: 16)
        return prefix + String(repeating: "0", count: 16 - digits.count) + digits
    }

    package static func name(of run: RunIdentity) -> String { "\(run.task)-\(run.placement)-\(run.number)" }

    /// Returns the task and the name of the run's directory, such as `1-2`; `nil` if the name is not that of a run.
    package static func run(named name: String) -> (task: TaskID, directory: String)? {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count > 2, parts.suffix(2).allSatisfy({ Int($0) != nil }),
            let task = TaskID(rawValue: parts.dropLast(2).joined(separator: "-"))
        else { return nil }
        return (task, parts.suffix(2).joined(separator: "-"))
    }

    /// Whether a path is that of a group in a worker's own group.
    package static func isOfWorker(_ path: String) -> Bool {
        path.split(separator: "/").dropLast().last?.hasPrefix(prefix) ?? false
    }
}

/// The memory that a control group uses, and its limit, in bytes.
package struct ControlGroupMemory: Hashable, Sendable {
    package var used: Int
    /// The limit; `nil` if there is none.
    package var limit: Int?

    /// Reads the contents of a group's files. Pages of files that were not used for some time do not count as used, because the
    /// kernel drops them before the limit is reached. Docker and Podman show the same figure.
    ///
    /// - Parameters:
    ///   - current: `memory.current`, or `memory.usage_in_bytes` in version 1.
    ///   - statistics: `memory.stat`.
    ///   - limit: `memory.max`, or `memory.limit_in_bytes` in version 1.
    /// - Returns: `nil` if the contents have another format.
    package init?(current: String, statistics: String, limit: String) {
        guard let current = Int(current.prefix { $0 != "\n" }) else { return nil }
        var inactive: [Substring: Int] = [:]
        for line in statistics.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0].hasSuffix("inactive_file") { inactive[words[0]] = Int(words[1]) }
        }
        // Version 1 has a figure with the groups below the group, which is what `current` counts.
        used = max(current - (inactive["total_inactive_file"] ?? inactive["inactive_file"] ?? 0), 0)
        self.limit = Int(limit.prefix { $0 != "\n" })
    }
}
