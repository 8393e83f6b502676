import CubeCore
import CubeReconciler
import CubeServer
import CubeTypes
import CubeVersion

extension ReconcilerState.View {
    /// The metrics of a reconciler.
    var metrics: [Metric] {
        let statuses = workloads.values.map(\.status)
        func count<Word: RawRepresentable<String>>(_ words: [Word]) -> [String: Double] {
            Dictionary(words.map { ($0.rawValue, 1) }, uniquingKeysWith: +)
        }
        let drifts = workloads.values.compactMap(\.drift)
        let holds = summary?.holds.map { ($0.reason, Double($0.changes.count)) } ?? []
        return counted + [
            Metric("cube_workloads", "Number of workloads by health.", by: "health", count(statuses.map(\.health))),
            Metric(
                "cube_workloads_sync", "Number of workloads by sync status.", by: "sync", count(statuses.map(\.sync))),
            Metric(
                "cube_tasks", "Number of tasks by state.", by: "state",
                count(statuses.flatMap(\.tasks).map(\.state))),
            Metric(
                "cube_drift_tasks", "Number of tasks with an action that is due, waiting or held.",
                Double(drifts.reduce(0) { $0 + Set($1.actions.map(\.ordinal)).count })),
            Metric(
                "cube_guard_holds", "Number of changes that guards hold.", by: "guard",
                Dictionary(holds, uniquingKeysWith: +)),
            Metric(
                "cube_manifest_errors", "Number of errors in manifests and in reading them.",
                Double(findings.count { $0.concernsManifests })),
            Metric("cube_converged", "Whether everything runs as declared (1) or not (0).", isConverged ? 1 : 0),
            Metric(
                "cube_status_writable", "Whether the status files can be written (1) or not (0).",
                storageProblem == nil ? 1 : 0),
            Metric("cube_info", "Version of Cube; the value is always 1.", by: "version", [ProductVersion.current: 1]),
        ]
    }

    private var counted: [Metric] {
        let passes = figures.passes.map { ($0.key.rawValue, Double($0.value)) }
        var calls: [String: Double] = [:]
        for (outcome, count) in figures.outcomes { calls[outcome.result, default: 0] += Double(count) }
        let metrics = [
            Metric(
                "cube_reconcile_total", "Number of reconciliation passes by result.", kind: .counter, by: "result",
                Dictionary(passes, uniquingKeysWith: +)),
            Metric(
                histogram: "cube_reconcile_duration_seconds",
                "Duration of reconciliation passes, including calls to the manager.",
                bounds: ReconcilerFigures.bounds, counts: figures.durations, sum: figures.durationSum.seconds),
            Metric(
                "cube_actions_total", "Number of calls to the manager by result.", kind: .counter, by: "result", calls),
        ]
        guard let listed = figures.sourceListedAt else { return metrics }
        return metrics + [
            Metric(
                "cube_source_last_success_timestamp_seconds",
                "Time of the last complete listing of the manifests without errors.",
                Double(listed.milliseconds) / 1000)
        ]
    }
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}
