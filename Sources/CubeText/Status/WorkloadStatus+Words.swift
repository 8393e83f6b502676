package import CubeCore
import CubeJSON
import CubeTypes

extension WorkloadStatus {
    /// Where its manifest stands: `web.json:3`.
    package var place: String? { file.map { file in line.map { "\(file):\($0)" } ?? file } }

    /// How many of its tasks are ready, of how many; of a job whose tasks completed, that.
    package var readiness: String {
        if kind == .job, !tasks.isEmpty, tasks.allSatisfy({ $0.state == .completed }) { return "done" }
        return "\(replicas.ready)/\(replicas.desired)"
    }

    /// What of it a person should look at, in a few words.
    package var why: String? {
        let problems = diagnostics.prefix(1).map { "\($0.range.filename):\($0.range.start.line): \($0.message)" }
        // That something is being done is no trouble of its own: only what it is.
        let told = conditions.filter { $0.type != .ready && $0.status }
            .map { $0.type == .reconciling ? $0.message : "\($0.type.rawValue): \($0.message)" }
        // What ails it comes first; otherwise what goes on says why it is not ready.
        let ailing = told.isEmpty || health == .degraded || health == .unknown
        let unready = ailing ? conditions.filter { $0.type == .ready && !$0.status }.map(\.message) : []
        let all = unready.filter { message in !told.contains { $0.hasSuffix(message) } } + told + problems
        return all.isEmpty ? nil : all.joined(separator: "; ")
    }
}
