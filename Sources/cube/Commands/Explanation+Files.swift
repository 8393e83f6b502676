import CubeCore
import CubeText
import CubeTypes

extension Explanation {
    /// Reads the explanation from the status files. It is empty if the files are about another owner.
    static func written(of name: WorkloadName, owner: OwnerName, in data: DataDirectory) async throws -> Explanation {
        var explanation = Explanation(name: name)
        let files = WrittenStatus(data: data)
        guard let summary = try files.summary(), summary.owner == owner else { return explanation }
        explanation.status = try files.workload(name)
        explanation.drift = try files.drift(name)
        explanation.holds = summary.holds.filter { hold in
            explanation.status?.conditions.contains { $0.type == .held && $0.status && $0.reason == hold.reason }
                ?? false
        }
        explanation.history = Array(try PastAction.all(of: name, in: data).suffix(5))
        let freshness = try await StatusFreshness.find(in: data).judged(by: summary)
        explanation.outdated = freshness.outdated
        if freshness.isUnattended { explanation.status = explanation.status?.unattended(freshness.living) }
        return explanation
    }
}
