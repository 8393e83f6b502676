import CubeJSON
package import CubeTypes

/// The differences of a workload's tasks from its manifest, the actions that follow, and a forecast of the placements, as a
/// preview.
package struct WorkloadDiff: Codable, Hashable, Sendable {
    package var name: WorkloadName
    /// The file of the manifest, even if it was removed.
    package var file: String?
    package var line: Int?
    /// The numbers of declared, live and ready tasks.
    package var replicas: WorkloadStatus.Replicas
    /// The differences, sorted by field.
    package var differences: [Difference]
    /// The actions, in the order of execution.
    package var actions: [ReportedAction]
    /// The guards and other reasons that hold actions, sorted.
    package var heldBy: [String]
    /// Why the workload makes no progress without a person; `nil` if it does.
    package var stalled: String?

    enum CodingKeys: String, CodingKey {
        case name, file, line, replicas, differences, actions, stalled
        case heldBy = "held_by"
    }
}

extension Planner {
    /// Returns the differences of each workload that has any, sorted by name.
    ///
    /// - Parameter forecast: the forecast of placements; `nil` if the manager was not queried.
    package func diffs(_ forecast: PlacementForecast?) -> [WorkloadDiff] {
        let drifting = differingEntries().filter { $0.report.drift != nil }
        var forecast = forecast
        let placements = forecast?.placements(of: drifting.flatMap(\.steps), owner: owner) ?? [:]
        return drifting.compactMap { entry in
            entry.report.drift.map { WorkloadDiff(entry, $0, placements: placements) }
        }
    }

    /// Whether a step schedules a task with a fixed port, which may be in use by a task of any owner.
    package var schedulesNamedPorts: Bool {
        differingEntries().flatMap(\.steps).contains { step in
            if case .schedule(let proposal, _) = step.action.operation {
                proposal.definition.ports.contains { $0.host != 0 }
            } else {
                false
            }
        }
    }
}

extension PlacementForecast {
    private struct Slot: Hashable {
        var name: WorkloadName
        var ordinal: Int

        init(_ action: PlannedAction) { (name, ordinal) = (action.name, action.ordinal) }
    }

    /// Returns a forecast for each task that is to be scheduled. Tasks that are due come first, then tasks that wait for the
    /// end of the old task in their slot.
    mutating func placements(of steps: [Step], owner: OwnerName) -> [TaskID: Scheduler.Decision] {
        let stops = Dictionary(grouping: steps.filter { $0.action.verb == .stop }) { Slot($0.action) }
        var decisions: [TaskID: Scheduler.Decision] = [:]
        for state in [ActionState.due, .waiting] {
            for step in steps where step.state == state {
                guard case .schedule(let proposal, _) = step.action.operation else { continue }
                if step.waitsFor == .slotStopping { stops[Slot(step.action)]?.forEach { free($0.action.task) } }
                decisions[proposal.id] = place(proposal.definition, of: owner)
            }
        }
        return decisions
    }
}

extension WorkloadDiff {
    fileprivate init(_ entry: PlanEntry, _ drift: DriftReport, placements: [TaskID: Scheduler.Decision]) {
        let status = entry.report.status
        self.init(
            name: entry.name, file: status.file, line: status.line, replicas: status.replicas,
            differences: drift.differences,
            actions: entry.steps.map { step in
                ReportedAction(step, placement: placements[step.action.task].map(ReportedAction.Placement.init))
            }, heldBy: drift.heldBy,
            stalled: status.conditions.first { $0.type == .stalled && $0.status }?.message)
    }
}
