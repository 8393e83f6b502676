package import CubeCore
import CubeJSON
import CubeTypes

extension WorkloadStatus {
    /// The location of the manifest, such as `web.json:3`.
    package var place: String? { file.map { file in line.map { "\(file):\($0)" } ?? file } }

    /// The number of ready tasks and of replicas, such as `1/2`; `done` for a job that has completed.
    package var readiness: String { isCompletedJob ? "done" : "\(replicas.ready)/\(replicas.desired)" }

    /// The reason for the state of the workload, in a few words; `nil` if there is nothing to report.
    package var why: String? {
        let problems = diagnostics.prefix(1).map { "\($0.range.filename):\($0.range.start.line): \($0.message)" }
        // Reconciling is not a problem, so its message appears without the name of the condition.
        let described = conditions.filter { $0.type != .ready && $0.status }
            .map { $0.type == .reconciling ? $0.message : "\($0.type.rawValue): \($0.message)" }
        // A failure comes first. Otherwise, the other conditions explain why the workload is not ready.
        let ailing = described.isEmpty || health == .degraded || health == .unknown
        let unready = ailing ? conditions.filter { $0.type == .ready && !$0.status }.map(\.message) : []
        let all = unready.filter { message in !described.contains { $0.hasSuffix(message) } } + described + problems
        return all.isEmpty ? nil : all.joined(separator: "; ")
    }
}
