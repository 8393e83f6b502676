import SystemPackage

/// The reconciler watches every directory below the manifests directory. Without watches, it polls.
struct InotifyCheck: Check {
    /// `nil` if the kernel has no inotify.
    var watches: Int?
    var instances: Int?
    /// The number of directories to watch.
    var directories: Int

    let title = "inotify"
    var verdict: Verdict {
        guard let watches, let instances else {
            return .warning(
                "this kernel has no inotify, so manifests are polled", hint: "all changes are found, but with a delay")
        }
        if instances < 16 {
            return .warning(
                "only \(instances) instances for this user", hint: "run `sysctl fs.inotify.max_user_instances=128`")
        }
        if watches < directories * 2 + 64 {
            return .warning(
                "only \(watches) watches for \(directories) directories, so manifests may have to be polled",
                hint: "run `sysctl fs.inotify.max_user_watches=65536`")
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
    /// The lower of the machine's limit and the limit of the user namespace, such as a container's.
    static func lowest(_ machine: String, _ space: String) throws -> Int? {
        try ["fs/\(machine)", "user/\(space)"].compactMap { try read(FilePath("/proc/sys/\($0)")) }.min()
    }

    private static func read(_ path: FilePath) throws -> Int? {
        try NamedFile.read(path).flatMap { Int(String(decoding: $0, as: UTF8.self).prefix(while: \.isNumber)) }
    }
}
