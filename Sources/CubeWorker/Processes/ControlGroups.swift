import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Glibc
import Logging
import Synchronization
import SystemPackage

/// The control groups of a worker's runs. ``ControlGroupLayout`` decides where they are.
///
/// The worker creates the group of a run before it writes the file `launch`, which names the group. The supervisor stays outside of
/// the group, so that it survives when memory runs out; it moves the program into the group before it executes it. After the run has
/// ended, the worker removes the group, and the worker's own group with the last one. Whenever a worker is killed, its successor
/// finds the groups of its runs in their `launch` files, and ``sweep(_:)`` removes the groups that no run needs.
///
/// The kernel refuses to remove a group that has a process, so a removal never affects a run that is alive.
final class ControlGroups: Sendable {
    let abilities: ControlGroupAbilities
    /// The name of the worker's own group.
    private let worker: String
    /// The groups that still had processes when they were to be removed, such as the command of an `exec`. The lock also keeps the
    /// worker's own group from being removed while a group is created in it.
    private let remaining = Mutex<Set<String>>([])

    init(_ abilities: ControlGroupAbilities, worker: String) {
        (self.abilities, self.worker) = (abilities, worker)
    }

    /// Groups that enforce no limit.
    static let none = ControlGroups(ControlGroupAbilities(), worker: "")

    /// Finds out which limits this process can enforce, by creating a group with each of them and removing it.
    ///
    /// - Parameter directory: the directory of the worker.
    static func open(for directory: String) -> ControlGroups {
        let worker = ControlGroup.worker(in: directory)
        let layout: ControlGroupLayout
        do {
            layout = ControlGroupLayout(
                mounts: try text("/proc/self/mountinfo"), memberships: try text("/proc/self/cgroup"),
                isRoot: geteuid() == 0)
        } catch {
            var abilities = ControlGroupAbilities()
            for controller in ControlGroupController.allCases { abilities.obstacles[controller] = "\(error)" }
            return ControlGroups(abilities, worker: worker)
        }
        return ControlGroups(probed(layout, worker), worker: worker)
    }

    private static func probed(_ layout: ControlGroupLayout, _ worker: String) -> ControlGroupAbilities {
        var abilities = ControlGroupAbilities()
        let limits: [ControlGroupController: TaskLimits] = [
            .memory: TaskLimits(memory: 64 << 20), .cpu: TaskLimits(millicores: 1000), .pids: TaskLimits(pids: 64),
        ]
        for (controller, finding) in layout.findings {
            switch finding {
            case .impossible(let reason): abilities.obstacles[controller] = reason
            case .possible(let hierarchy):
                var one = ControlGroupAbilities()
                one.hierarchies[controller] = hierarchy
                let groups = one.groups(limits[controller] ?? .none, name: "probe-\(getpid())", worker: worker)
                let probe = ControlGroups(one, worker: worker)
                do throws(FileError) {
                    try probe.create(groups)
                    abilities.hierarchies[controller] = hierarchy
                } catch {
                    abilities.obstacles[controller] = Self.explanation(of: error)
                }
                probe.remove(groups.map(\.path))
            }
        }
        return abilities
    }

    /// Returns an error with the rule of the kernel that it stands for.
    private static func explanation(of error: FileError) -> String {
        guard error.path.hasSuffix("/\(Self.control)") else { return "\(error)" }
        return switch error.errno {
        case .resourceBusy: "\(error) (other processes are in this control group)"
        case .noSuchFileOrDirectory: "\(error) (the group above does not pass this controller on)"
        default: "\(error)"
        }
    }

    /// The file that names the controllers that a group of version 2 passes on.
    private static let control = "cgroup.subtree_control"

    // MARK: Creating

    /// Returns the groups that hold a run to its limits, as far as this machine can enforce them.
    func groups(_ limits: TaskLimits, of run: RunIdentity) -> [ControlGroup] {
        abilities.groups(limits, of: run, worker: worker)
    }

    /// Creates groups, unless they exist, and sets their limits.
    func create(_ groups: [ControlGroup]) throws(FileError) {
        try remaining.withLock { _ throws(FileError) in
            for group in groups { try Self.create(group) }
        }
    }

    private static func create(_ group: ControlGroup) throws(FileError) {
        try makeDirectory(group.workerPath)
        if group.hierarchy.version == .two {
            for directory in [group.hierarchy.parent, group.workerPath] {
                for controller in group.controllers { try enable(controller, in: directory) }
            }
        }
        try makeDirectory(group.path)
        for setting in group.settings {
            do throws(FileError) { try write(setting.value, to: "\(group.path)/\(setting.file)") } catch {
                guard setting.isOptional, error.errno == .noSuchFileOrDirectory else { throw error }
            }
        }
    }

    /// Passes a controller on to the groups in a directory.
    private static func enable(_ controller: ControlGroupController, in directory: String) throws(FileError) {
        let file = "\(directory)/\(control)"
        let enabled = try text(file).split(whereSeparator: \.isWhitespace)
        guard !enabled.contains(Substring(controller.rawValue)) else { return }
        try write("+\(controller.rawValue)", to: file)
    }

    private static func makeDirectory(_ path: String) throws(FileError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .last(path) }
    }

    private static func write(_ value: String, to path: String) throws(FileError) {
        let descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last(path) }
        let count = Glibc.write(descriptor, value, value.utf8.count)
        let failure = errno
        // The kernel has taken the value, or refused it.
        close(descriptor)
        guard count == value.utf8.count else { throw FileError(path: path, cause: Errno(rawValue: failure)) }
    }

    private static func text(_ path: String) throws(FileError) -> String {
        guard let bytes = try LocalFiles.read(path) else { throw FileError(path: path, cause: .noSuchFileOrDirectory) }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Removing

    /// Removes groups, and those that could not be removed before. Groups that have processes remain for the next call.
    func remove(_ paths: [String] = []) {
        remaining.withLock { remaining in
            for path in remaining.union(paths) where ControlGroup.isOfWorker(path) {
                guard rmdir(path) == 0 || errno == ENOENT else {
                    remaining.insert(path)
                    continue
                }
                remaining.remove(path)
                // Fails while the worker has other groups.
                rmdir(String(path.prefix(upTo: path.lastIndex(of: "/")!)))
            }
        }
    }

    /// Removes the groups that earlier workers in the same directory left behind.
    ///
    /// - Parameter isNeeded: whether a run may be alive or may still be started. Its directory is named as in `WorkerStore`.
    func sweep(_ isNeeded: (_ task: TaskID, _ directory: String) -> Bool) {
        for parent in Set(abilities.hierarchies.values.map(\.parent)) {
            let own = "\(parent)/\(worker)"
            // The directory disappears with its last group.
            for name in (try? LocalFiles.names(in: own)) ?? [] {
                if let run = ControlGroup.run(named: name) {
                    if !isNeeded(run.task, run.directory) { remove(["\(own)/\(name)"]) }
                } else if name.hasPrefix("probe-") {
                    remove(["\(own)/\(name)"])
                }
            }
        }
    }

    // MARK: Looking

    /// Returns the processes in groups. A group that was removed has none.
    static func processes(in paths: [String]) -> Set<pid_t> {
        Set(
            paths.flatMap { path in
                // The group may have been removed.
                ((try? text("\(path)/cgroup.procs")) ?? "").split(separator: "\n").compactMap { pid_t($0) }
            })
    }

    /// Returns the memory that groups use; `nil` if none of them counts memory.
    static func memory(of paths: [String]) -> ControlGroupMemory? {
        for path in paths {
            for (current, limit) in [
                ("memory.current", "memory.max"), ("memory.usage_in_bytes", "memory.limit_in_bytes"),
            ] {
                // The group has no such file, or the run has just ended.
                guard let current = try? text("\(path)/\(current)"), let limit = try? text("\(path)/\(limit)"),
                    let statistics = try? text("\(path)/memory.stat")  // For the same reasons.
                else { continue }
                return ControlGroupMemory(current: current, statistics: statistics, limit: limit)
            }
        }
        return nil
    }
}
