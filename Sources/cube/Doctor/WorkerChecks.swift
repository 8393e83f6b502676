import CubeCore
import CubeText
import CubeTypes
import CubeWorker
import SystemPackage

/// The records of all workers of this data directory must be readable. A damaged record prevents its worker from
/// starting.
struct RecordsCheck: Check {
    /// A message for each record that cannot be read.
    var problems: [String]
    var data = DataDirectory.standard()

    let title = "records"
    var verdict: Verdict {
        guard let first = problems.first else { return .good("all are readable") }
        let others = problems.count > 1 ? " (and \(Count(problems.count - 1, "other record")))" : ""
        return .bad(
            first + others,
            hint: "\(data.command("worker repair")) rebuilds damaged records without starting or stopping tasks")
    }

    static func measure(_ data: DataDirectory) -> RecordsCheck {
        RecordsCheck(
            problems: data.workers.flatMap { data.tasks(of: $0).problems() }, data: data)
    }
}

/// Says which limits of processes are enforced.
struct LimitsCheck: Check {
    /// Why some are not enforced.
    var obstacles: LimitObstacles
    /// The workloads with processes on this machine that have such limits, sorted.
    var names: [WorkloadName]

    let title = "limits"
    var verdict: Verdict {
        guard !obstacles.reasons.isEmpty else { return .good("limits of processes are enforced") }
        let limits = Dictionary(grouping: obstacles.reasons.keys, by: { obstacles.reasons[$0]! })
            .map { reason, limits in "\(limits.sorted().joined(separator: ", ")): \(reason)" }.sorted()
        let affected =
            names.isEmpty ? "no task has such a limit" : "tasks with such limits: \(names.map(\.rawValue).shortList)"
        return .warning(
            "not enforced for processes: \(limits.joined(separator: "; ")) (\(affected))",
            hint: obstacles.reasons.keys.contains { $0 != Self.disk } ? Self.hint : "remove limits.disk")
    }

    static let hint =
        "run the worker as root, or as a unit of systemd 254 or newer with Delegate=yes and DelegateSubgroup=cube-worker, or "
        + "run the task as a container"

    private static let disk = "limits.disk"

    static func measure(_ data: DataDirectory) -> LimitsCheck {
        var (obstacles, names) = (LimitObstacles(), Set<WorkloadName>())
        for directory in data.workers.map({ data.worker($0).string }) {
            let stored = StoredTasks(directory: directory)
            // A worker of an earlier version enforced no limit, and did not record why.
            var found = stored.limitObstacles() ?? .measured(for: directory)
            let definitions = stored.readable().filter { !$0.hasEnded }.map(\.assignment.definition)
                .filter { $0.runtime == .process }
            if definitions.contains(where: { $0.limits.disk != nil }) {
                found.reasons[disk] = "Cube cannot limit disk space"
            }
            names.formUnion(definitions.filter { $0.limits.names.contains { found.reasons[$0] != nil } }.map(\.name))
            obstacles.reasons.merge(found.reasons) { first, _ in first }
        }
        if data.workers.isEmpty { obstacles = .measured(for: data.path.string) }
        return LimitsCheck(obstacles: obstacles, names: names.sorted())
    }
}
