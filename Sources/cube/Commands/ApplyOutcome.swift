import CubeCore
import CubeErrors
import CubeText
import CubeTypes

/// How an `apply` ended.
enum ApplyOutcome: Hashable, Sendable {
    /// All runs as declared, but for so many workloads that are frozen and differ.
    case converged(butFrozen: Int)
    /// What moved since the plan was saved.
    case stale([String])
    case leaseHeld(String)
    case held([TextLine])
    case notConverged([TextLine])

    /// - Parameter isBound: whether it is for this process to carry out a saved plan; otherwise a reconciler of the same source
    ///   may do what is to be done.
    /// - Returns: `nil` while it goes on.
    init?(_ summary: SummaryStatus, isConverged: Bool, isBound: Bool = false) {
        if isConverged {
            // What is frozen counts as it is; nothing else that differs does.
            self = .converged(butFrozen: summary.counts.outOfSync)
            return
        }
        let conditions = summary.conditions.filter(\.status)
        let isBusy = conditions.contains { $0.type == .reconciling }
        func refusal(_ reason: ErrorReason) -> Condition? {
            conditions.first { $0.type == .held && $0.reason == reason.rawValue }
        }
        // What the guards of another one hold is not known here.
        let isLed = refusal(.leaseHeld) != nil
        if let refused = refusal(.ownerTaken) ?? (isBound ? refusal(.leaseHeld) : nil) {
            self = .leaseHeld(refused.message)
        } else if !summary.holds.isEmpty, !isBusy, !isLed {
            self = .held(by: summary.holds)
        } else if let stalled = conditions.first(where: { $0.type == .stalled }), !isBusy {
            self = .notConverged([TextLine(stalled.message)])
        } else {
            return nil
        }
    }

    static func held(by holds: [SummaryStatus.HeldSet]) -> ApplyOutcome {
        .held(
            holds.map { "\($0.changes.shortList): \($0.message) (\($0.reason)); `\($0.approve)` releases it" })
    }

    /// The same with the names of the workloads that do not go on, and why.
    func naming(_ workloads: [WorkloadStatus]) -> ApplyOutcome {
        guard case .notConverged(let reasons) = self else { return self }
        return .notConverged(reasons + Self.unfinished(workloads))
    }

    /// The end of the time, with what is not as declared by then. What the guards hold comes first: it waits for a person.
    static func late(_ limit: Duration, _ summary: SummaryStatus?, _ workloads: [WorkloadStatus]) -> ApplyOutcome {
        // What the guards of another one hold is not known here.
        let isLed = summary?.conditions.contains { $0.status && $0.reason == ErrorReason.leaseHeld.rawValue } ?? false
        if let summary, !summary.holds.isEmpty, !isLed { return .held(by: summary.holds) }
        return .notConverged(["not all runs as declared after \(limit.text)"] + unfinished(workloads))
    }

    /// What is not as declared, a line each.
    private static func unfinished(_ workloads: [WorkloadStatus]) -> [TextLine] {
        let unfinished = workloads.filter { $0.health != .suspended && ($0.sync != .synced || $0.health != .healthy) }
            .sorted { $0.name < $1.name }
        let lines = unfinished.prefix(10).map { workload -> TextLine in
            let why = workload.why.map { ": \($0)" } ?? ""
            return "\(workload.name) is \(workload.sync.rawValue), \(workload.health.rawValue)\(why)"
        }
        let more: [TextLine] = unfinished.count > 10 ? ["… and \(unfinished.count - 10) more"] : []
        return lines + more
    }

    var exitStatus: ExitStatus {
        switch self {
        case .converged: .success
        case .stale: .stalePlan
        case .leaseHeld: .leaseHeld
        case .held: .held
        case .notConverged: .notConverged
        }
    }

    var lines: [TextLine] {
        switch self {
        case .converged(butFrozen: 0): ["All runs as declared."]
        case .converged(let frozen):
            [
                "All runs as declared, but for \(Count(frozen, "workload")) that \(frozen == 1 ? "is" : "are") frozen and "
                    + "\(frozen == 1 ? "differs" : "differ"): `cube diff` shows how, `cube resume NAME` ends it."
            ]
        case .stale(let departures):
            ["The plan is stale:"] + departures.prefix(10).map { "  \($0)" }
                + (departures.count > 10 ? ["  … and \(departures.count - 10) more"] : [])
                + ["Nothing more was done. `cube plan` makes a new one."]
        case .leaseHeld(let message): ["Not done: \(message)."]
        case .held(let holds): Self.list("Held: ", holds)
        case .notConverged(let reasons):
            reasons.count == 1
                ? ["Not done: \(reasons[0]). `cube status` says more."]
                : Self.list("Not done: ", reasons) + ["`cube status` says more."]
        }
    }

    /// The first line after its title, the others below it.
    private static func list(_ title: TextLine, _ lines: [TextLine]) -> [TextLine] {
        lines.prefix(1).map { title + $0 } + lines.dropFirst().map { "  \($0)" }
    }
}
