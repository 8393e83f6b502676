import SystemPackage

/// The reconciler watches every directory of manifests; without watches it polls.
struct InotifyCheck: Check {
    /// `nil`: the kernel has no inotify.
    var watches: Int?
    var instances: Int?
    /// The directories of manifests that are to be watched.
    var directories: Int

    let title = "inotify"
    var verdict: Verdict {
        guard let watches, let instances else {
            return .warning(
                "this kernel has none: manifests are polled", hint: "nothing is lost, changes are seen later")
        }
        if instances < 16 {
            return .warning(
                "only \(instances) instances for this user", hint: "`sysctl fs.inotify.max_user_instances=128`")
        }
        if watches < directories * 2 + 64 {
            return .warning(
                "only \(watches) watches for \(directories) directories: manifests may have to be polled",
                hint: "`sysctl fs.inotify.max_user_watches=65536`")
        }
        return .good("\(watches) watches, \(instances) instances")
    }

    static func measure(directories: Int) throws -> InotifyCheck {
        InotifyCheck(
            watches: try KernelValue.lowest("inotify/max_user_watches", "max_inotify_watches"),
            instances: try KernelValue.lowest("inotify/max_user_instances", "max_inotify_instances"),
            directories: directories)
    }
}

private enum KernelValue {
    /// The lower of the machine's limit and that of the user name space, such as a container's.
    static func lowest(_ machine: String, _ space: String) throws -> Int? {
        try ["fs/\(machine)", "user/\(space)"].compactMap { try read(FilePath("/proc/sys/\($0)")) }.min()
    }

    private static func read(_ path: FilePath) throws -> Int? {
        try AtomicFile.read(path).flatMap { Int(String(decoding: $0, as: UTF8.self).prefix(while: \.isNumber)) }
    }
}
