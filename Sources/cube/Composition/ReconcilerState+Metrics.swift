import CubeCore
import CubeReconciler
import CubeServer
import CubeTypes
import CubeVersion

extension ReconcilerState.View {
    /// What a monitoring system reads of a reconciler.
    var metrics: [Metric] {
        let statuses = workloads.values.map(\.status)
        func count<Word: RawRepresentable<String>>(_ words: [Word]) -> [String: Double] {
            Dictionary(words.map { ($0.rawValue, 1) }, uniquingKeysWith: +)
        }
        let drifts = workloads.values.compactMap(\.drift)
        let holds = summary?.holds.map { ($0.reason, Double($0.changes.count)) } ?? []
        return counted + [
            Metric("cube_workloads", "Workloads by health.", by: "health", count(statuses.map(\.health))),
            Metric("cube_workloads_sync", "Workloads by sync.", by: "sync", count(statuses.map(\.sync))),
            Metric(
                "cube_tasks", "Tasks of the workloads by state.", by: "state",
                count(statuses.flatMap(\.tasks).map(\.state))),
            Metric(
                "cube_drift_tasks", "Tasks that an action is due, waiting or held for.",
                Double(drifts.reduce(0) { $0 + Set($1.actions.map(\.ordinal)).count })),
            Metric(
                "cube_guard_holds", "Changes that guards hold.", by: "guard", Dictionary(holds, uniquingKeysWith: +)),
            Metric(
                "cube_manifest_errors", "Errors in manifests and in reading them.",
                Double(findings.count { $0.reason != Finding.unmanaged })),
            Metric("cube_converged", "Whether all runs as declared.", isConverged ? 1 : 0),
            Metric("cube_status_writable", "Whether the status files can be written.", storageProblem == nil ? 1 : 0),
            Metric("cube_info", "The version.", by: "version", [ProductVersion.current: 1]),
        ]
    }

    private var counted: [Metric] {
        let passes = figures.passes.map { ($0.key.rawValue, Double($0.value)) }
        var calls: [String: Double] = [:]
        for (outcome, count) in figures.outcomes { calls[outcome.result, default: 0] += Double(count) }
        let metrics = [
            Metric(
                "cube_reconcile_total", "Passes by result.", kind: .counter, by: "result",
                Dictionary(passes, uniquingKeysWith: +)),
            Metric(
                histogram: "cube_reconcile_duration_seconds", "How long passes took, calls included.",
                bounds: ReconcilerFigures.bounds, counts: figures.durations, sum: figures.durationSum.seconds),
            Metric("cube_actions_total", "Calls on the manager by result.", kind: .counter, by: "result", calls),
        ]
        guard let listed = figures.sourceListedAt else { return metrics }
        return metrics + [
            Metric(
                "cube_source_last_success_timestamp_seconds", "When all manifests were listed last without an error.",
                Double(listed.milliseconds) / 1000)
        ]
    }
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}
