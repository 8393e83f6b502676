import CubeText
import CubeTypes
import CubeWorker
import SystemPackage

/// The records of all workers of this data directory must be readable. A damaged record prevents its worker from
/// starting.
struct RecordsCheck: Check {
    /// A message for each record that cannot be read.
    var problems: [String]

    let title = "records"
    var verdict: Verdict {
        guard let first = problems.first else { return .good("all are readable") }
        let others = problems.count > 1 ? " (and \(Count(problems.count - 1, "other record")))" : ""
        return .bad(
            first + others,
            hint: "run `cube worker repair`, which rebuilds damaged records without starting or stopping tasks")
    }

    static func measure(_ data: DataDirectory) -> RecordsCheck {
        RecordsCheck(
            problems: data.workers.flatMap { StoredTasks(directory: data.worker($0).string).problems() })
    }
}

/// Warns about reservations of cpu, memory and disk that are not enforced.
struct ReservationsCheck: Check {
    /// The workloads with tasks on this machine that reserve resources, sorted.
    var names: [WorkloadName]

    let title = "reservations"
    var verdict: Verdict {
        guard !names.isEmpty else { return .good("no task reserves cpu, memory or disk") }
        return .warning(
            "the cpu, memory and disk reservations of \(names.map(\.rawValue).shortList) are not enforced for processes",
            hint: Self.hint)
    }

    static let hint =
        "limit all tasks together with MemoryMax= and CPUQuota= in the systemd unit of the worker, or one task in its command, "
        + "for example with `prlimit --as=536870912`"

    static func measure(_ data: DataDirectory) -> ReservationsCheck {
        let tasks = data.workers.flatMap { StoredTasks(directory: data.worker($0).string).readable() }
        let names = tasks.filter { !$0.hasEnded && $0.assignment.definition.resources != .zero }
            .map(\.assignment.definition.name)
        return ReservationsCheck(names: Set(names).sorted())
    }
}
