import CubeTypes

/// A saved plan that is being carried out.
struct SavedPlanRun: Sendable {
    let document: PlanDocument
    /// The names that the plan prunes.
    let prunes: Set<WorkloadName>
    /// Whether actions of the plan were released. From then on, the live tasks differ from those in the plan.
    var hasBegun = false

    init(_ document: PlanDocument) {
        self.document = document
        prunes = Set(document.workloads.filter(\.prunes).map(\.name))
    }
}

extension Planner {
    /// The changes since the saved plan was made, in words. If there are any, the plan cannot be carried out.
    var departures: [String] {
        guard let saved else { return [] }
        return saved.hasBegun ? declaredDepartures(from: saved.document) : departures(from: saved.document)
    }
}
