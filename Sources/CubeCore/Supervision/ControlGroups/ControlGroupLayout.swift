/// A hierarchy of control groups, and where in it a worker puts the groups of its tasks.
package struct ControlGroupHierarchy: Hashable, Sendable {
    /// The version of the interface. With version 2, one hierarchy can have all controllers; with version 1, each controller usually
    /// has a hierarchy of its own. A hybrid machine has both.
    package enum Version: Hashable, Sendable { case one, two }

    package var version: Version
    /// The directory in which the worker creates a group of its own.
    package var parent: String

    package init(version: Version, parent: String) {
        self.version = version
        self.parent = parent
    }
}

/// Where on this machine a worker may create control groups, for each controller.
///
/// The worker needs a group that has no processes of its own, because version 2 lets only such a group pass controllers on. There
/// are two:
///
/// 1. If the worker was started in a group named `cube-worker`, the group above belongs to the worker by convention. A unit of
///    systemd asks for this with `Delegate=yes` and `DelegateSubgroup=cube-worker`. The worker never moves itself into such a group:
///    systemd could not start the unit again while tasks of the earlier worker run.
/// 2. Otherwise, a worker that runs as root uses the top of the hierarchy.
package struct ControlGroupLayout: Hashable, Sendable {
    package enum Finding: Hashable, Sendable {
        case possible(ControlGroupHierarchy)
        /// With the reason.
        case impossible(String)
    }

    package private(set) var findings: [ControlGroupController: Finding] = [:]

    /// The name of the group in which a worker is to be started that other users than root run.
    package static let delegate = "cube-worker"

    /// - Parameters:
    ///   - mounts: the content of `/proc/self/mountinfo`.
    ///   - memberships: the content of `/proc/self/cgroup`.
    ///   - isRoot: whether the worker runs as root.
    package init(mounts: String, memberships: String, isRoot: Bool) {
        let mounts = mounts.split(separator: "\n").compactMap(Mount.init)
        for controller in ControlGroupController.allCases {
            let name = controller.rawValue
            // A controller that is mounted in version 1 is not available in version 2.
            let mount =
                mounts.last { $0.version == .one && $0.options.contains { $0 == name } }
                ?? mounts.last { $0.version == .two }
            guard let mount else {
                findings[controller] = .impossible("no control groups for \(name) are mounted")
                continue
            }
            let key = mount.version == .two ? "" : name
            let path = Self.path(of: key, in: memberships).flatMap(mount.directory)
            findings[controller] = Self.finding(mount, path, isRoot: isRoot)
        }
    }

    private static func finding(_ mount: Mount, _ path: String?, isRoot: Bool) -> Finding {
        if let path, path.hasSuffix("/\(delegate)") {
            let parent = String(path.dropLast(delegate.utf8.count + 1))
            return .possible(ControlGroupHierarchy(version: mount.version, parent: parent))
        }
        guard isRoot else {
            return .impossible("the worker does not run as root, and no control group is delegated to it")
        }
        return .possible(ControlGroupHierarchy(version: mount.version, parent: mount.point))
    }

    /// Returns the group of this process in the hierarchy with a controller, or in that of version 2 if the name is empty.
    private static func path(of controller: String, in memberships: String) -> String? {
        for line in memberships.split(separator: "\n") {
            // `4:memory:/a/b`, `1:cpu,cpuacct:/a`, `0::/a`
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let controllers = fields[1].split(separator: ",", omittingEmptySubsequences: false)
            if controllers.contains(where: { $0 == controller }) { return String(fields[2]) }
        }
        return nil
    }

    /// A mounted hierarchy.
    private struct Mount {
        var version: ControlGroupHierarchy.Version
        /// The group that is mounted. It is not the top of the hierarchy in some containers.
        var root: String
        var point: String
        var options: [Substring]

        /// - Parameter line: a line such as `35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory`, with any number of
        ///   optional fields before the dash.
        init?(_ line: Substring) {
            let fields = line.split(separator: " ")
            guard let dash = fields.dropFirst(6).firstIndex(of: "-"), fields.count > dash + 3 else { return nil }
            switch fields[dash + 1] {
            case "cgroup": version = .one
            case "cgroup2": version = .two
            default: return nil
            }
            (root, point) = (Self.unescaped(fields[3]), Self.unescaped(fields[4]))
            options = fields[dash + 3].split(separator: ",")
        }

        /// Returns the directory of a group; `nil` if the group is outside of what is mounted.
        func directory(of group: String) -> String? {
            let below = root == "/" ? "" : root
            guard group == below || group.hasPrefix(below + "/") else { return nil }
            let rest = group.dropFirst(below.count)
            return rest == "/" ? point : point + rest
        }

        /// Spaces and some other characters are written as `\040`.
        private static func unescaped(_ text: Substring) -> String {
            var parts = text.split(separator: "\\", omittingEmptySubsequences: false)
            let first = parts.removeFirst()
            return parts.reduce(into: String(first)) { result, part in
                if let code = UInt8(part.prefix(3), radix: 8), part.count >= 3 {
                    result += String(UnicodeScalar(code)) + part.dropFirst(3)
                } else {
                    result += "\\" + part
                }
            }
        }
    }
}
