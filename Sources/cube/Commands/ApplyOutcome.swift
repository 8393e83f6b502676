import CubeCore
import CubeErrors
import CubeText
import CubeTypes

/// The outcome of `cube apply`.
enum ApplyOutcome: Hashable, Sendable {
    /// Everything runs as declared, except the given number of frozen workloads that differ.
    case converged(butFrozen: Int)
    /// The changes since the plan was saved.
    case stale([String])
    case leaseHeld(String)
    case held([TextLine])
    case notConverged([TextLine])

    /// - Parameter isBound: Whether this process itself carries out a saved plan. Otherwise, another reconciler of the
    ///   same source may do the work.
    /// - Returns: `nil` while reconciliation continues.
    init?(_ summary: SummaryStatus, isConverged: Bool, isBound: Bool = false) {
        if isConverged {
            // Once converged, only frozen workloads can be out of sync.
            self = .converged(butFrozen: summary.counts.outOfSync)
            return
        }
        let conditions = summary.conditions.filter(\.status)
        let isBusy = conditions.contains { $0.type == .reconciling }
        func refusal(_ reason: ErrorReason) -> Condition? {
            conditions.first { $0.type == .held && $0.reason == reason.rawValue }
        }
        if let refused = refusal(.ownerTaken) ?? (isBound ? refusal(.leaseHeld) : nil) {
            self = .leaseHeld(refused.message)
        } else if !summary.holds.isEmpty, !isBusy {
            self = .held(by: summary.holds)
        } else if let stalled = conditions.first(where: { $0.type == .stalled }), !isBusy {
            self = .notConverged([TextLine(stalled.message)])
        } else {
            return nil
        }
    }

    static func held(by holds: [SummaryStatus.HeldSet]) -> ApplyOutcome {
        .held(
            holds.map { "\($0.changes.shortList): \($0.message) (\($0.reason)); `\($0.approve)` approves this" })
    }

    /// Returns the outcome with the workloads that have not converged, and the reasons.
    func naming(_ workloads: [WorkloadStatus]) -> ApplyOutcome {
        guard case .notConverged(let reasons) = self else { return self }
        return .notConverged(reasons + Self.unfinished(workloads))
    }

    /// The outcome of a timeout, with the workloads that have not converged. Held changes take precedence, because they
    /// need an approval.
    static func late(_ limit: Duration, _ summary: SummaryStatus?, _ workloads: [WorkloadStatus]) -> ApplyOutcome {
        if let summary, !summary.holds.isEmpty { return .held(by: summary.holds) }
        return .notConverged(["not everything runs as declared after \(limit.text)"] + unfinished(workloads))
    }

    /// The workloads that have not converged, one line each.
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
        case .converged(butFrozen: 0): ["Everything runs as declared."]
        case .converged(let frozen):
            [
                "Everything runs as declared, except \(Count(frozen, "frozen workload")) that \(frozen == 1 ? "differs" : "differ"). "
                    + "`cube diff` shows the differences; `cube resume NAME` ends a freeze."
            ]
        case .stale(let departures):
            ["The plan is stale:"] + departures.prefix(10).map { "  \($0)" }
                + (departures.count > 10 ? ["  … and \(departures.count - 10) more"] : [])
                + ["No further action was taken. Make a new plan with `cube plan`."]
        case .leaseHeld(let message): ["Not applied: \(message)."]
        case .held(let holds): Self.list("Held: ", holds)
        case .notConverged(let reasons):
            reasons.count == 1
                ? ["Not converged: \(reasons[0]). See `cube status`."]
                : Self.list("Not converged: ", reasons) + ["See `cube status`."]
        }
    }

    /// The first line after the title, and the other lines below it.
    private static func list(_ title: TextLine, _ lines: [TextLine]) -> [TextLine] {
        lines.prefix(1).map { title + $0 } + lines.dropFirst().map { "  \($0)" }
    }
}
