import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Logging

/// The limits that control groups enforce.
extension ProcessRuntime {
    /// Opens the runtime of a worker: finds out which limits it can enforce, and removes the control groups that no run needs any
    /// more.
    static func open(
        store: WorkerStore, supervisor: String, boot: String, secrets: SecretDirectory, passage: [String],
        now: @escaping @Sendable () -> DurableInstant, logger: Logger
    ) -> ProcessRuntime {
        let groups = ControlGroups.open(for: store.directory)
        let obstacles = LimitObstacles(groups.abilities)
        for (limit, reason) in obstacles.reasons.sorted(by: { $0.key < $1.key }) {
            logger.info("\(limit) of processes is not enforced: \(reason)")
        }
        do { try store.save(obstacles) } catch {
            logger.warning(
                "cannot record which limits of processes are not enforced, for \(store.command("doctor")): \(error)")
        }
        groups.sweep { task, name in RunDirectory(path: "\(store.runs(of: task))/\(name)").isUndecided }
        return ProcessRuntime(
            store: store, supervisor: supervisor, boot: boot, secrets: secrets, passage: passage, groups: groups,
            now: now, logger: logger)
    }

    /// Creates the control groups of a run. A task whose limits could be enforced, but cannot at present, waits.
    func makeGroups(_ run: RunIdentity, _ limits: TaskLimits) throws -> RunDirectory.Enforcement {
        let needed = groups.groups(limits, of: run)
        do throws(FileError) {
            try groups.create(needed)
        } catch {
            groups.remove(needed.map(\.path))
            throw APIError(.unavailable, "the limits of the task cannot be set: \(error)")
        }
        return RunDirectory.Enforcement(
            groups: needed.map(\.path), limits: needed.flatMap(\.controllers).map(\.limit))
    }
}
