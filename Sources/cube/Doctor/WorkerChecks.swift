import CubeText
import CubeTypes
import CubeWorker
import SystemPackage

/// The records of the workers of this data directory: a damaged one keeps its worker from starting.
struct RecordsCheck: Check {
    /// Of each record that cannot be read, why.
    var problems: [String]

    let title = "records"
    var verdict: Verdict {
        guard let first = problems.first else { return .good("all can be read") }
        let others = problems.count > 1 ? " (and \(Count(problems.count - 1, "other record")))" : ""
        return .bad(
            first + others,
            hint: "`cube worker repair` sets damaged records aside and rebuilds them; no task is started or stopped")
    }

    static func measure(_ data: DataDirectory) -> RecordsCheck {
        RecordsCheck(
            problems: data.workers.flatMap { StoredTasks(directory: data.worker($0).string).problems() })
    }
}

/// What tasks reserve that nothing holds them to.
struct ReservationsCheck: Check {
    /// The workloads with tasks on this machine that reserve something, sorted.
    var names: [WorkloadName]

    let title = "reservations"
    var verdict: Verdict {
        guard !names.isEmpty else { return .good("no task that runs as a process reserves cpu, memory or disk") }
        return .warning(
            "cpu, memory and disk of \(names.map(\.rawValue).shortList) are reserved, but a process is not held to them",
            hint: Self.hint)
    }

    static let hint =
        "limit all tasks together, for instance with MemoryMax= and CPUQuota= in the unit of the worker, or one task in its command, "
        + "for instance with `prlimit --as=536870912`"

    static func measure(_ data: DataDirectory) -> ReservationsCheck {
        let tasks = data.workers.flatMap { StoredTasks(directory: data.worker($0).string).readable() }
        let names = tasks.filter { !$0.hasEnded && $0.assignment.definition.resources != .zero }
            .map(\.assignment.definition.name)
        return ReservationsCheck(names: Set(names).sorted())
    }
}
