import CubeJSON
package import CubeTypes

/// How what runs of one workload differs from what is declared, what comes of it, and where that would run: for whoever looks
/// before anything is done.
package struct WorkloadDiff: Codable, Hashable, Sendable {
    package struct Field: Codable, Hashable, Sendable {
        /// As the manifest calls it, such as `stop.grace`, or `replicas`.
        package var field: String
        package var desired: String?
        package var observed: String?
        /// Whether tasks are replaced for it, rather than kept.
        package var replaces: Bool
    }

    package struct Action: Codable, Hashable, Sendable {
        package var verb: PlannedAction.Verb
        package var ordinal: Int
        /// The rule that made it.
        package var rule: Rule
        /// For a person.
        package var message: String
        package var state: ActionState
        package var waitsFor: WaitReason?
        /// Of what is to be started; `nil` where nobody asked the manager.
        package var placement: Placement?

        enum CodingKeys: String, CodingKey {
            case verb, ordinal, rule, message, state, placement
            case waitsFor = "waits_for"
        }
    }

    /// Where the manager would put a task now: a node, or why none. It is advice.
    package struct Placement: Codable, Hashable, Sendable {
        package var node: NodeName?
        package var reason: TaskReason?
        package var message: String?

        package init(_ decision: Scheduler.Decision) {
            switch decision {
            case .node(let name): node = name
            case .pending(let cause): (reason, message) = (cause.reason, cause.message)
            }
        }
    }

    package var name: WorkloadName
    /// Where the manifest stands, or stood.
    package var file: String?
    package var line: Int?
    /// How many tasks are declared, and how many live.
    package var replicas: WorkloadStatus.Replicas
    /// By field.
    package var differences: [Field]
    /// In the order in which they are carried out.
    package var actions: [Action]
    /// The guards and other reasons that hold something back, sorted.
    package var heldBy: [String]
    /// Why it does not go on by itself; `nil` where it does.
    package var stalled: String?

    enum CodingKeys: String, CodingKey {
        case name, file, line, replicas, differences, actions, stalled
        case heldBy = "held_by"
    }
}

extension Planner {
    /// How each workload differs that does, by name.
    ///
    /// - Parameter forecast: where the manager would put tasks; `nil` where it was not asked.
    package func diffs(_ forecast: PlacementForecast?) -> [WorkloadDiff] {
        let drifting = differingEntries().filter { $0.report.drift != nil }
        var forecast = forecast
        let placements = forecast?.placements(of: drifting.flatMap(\.steps), owner: owner) ?? [:]
        return drifting.compactMap { entry in
            entry.report.drift.map { WorkloadDiff(entry, $0, placements: placements) }
        }
    }

    /// Whether a step asks for a port of its node by number, which tasks of any owner may have.
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

    /// Where each task would go that is to be started: what can be at once comes first, then what comes after the end of the
    /// task in its slot.
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
            differences: drift.differences.map { difference in
                Field(
                    field: difference.field, desired: difference.desired, observed: difference.observed,
                    replaces: difference.isReplacing)
            },
            actions: entry.steps.map { step in
                Action(
                    verb: step.action.verb, ordinal: step.action.ordinal, rule: step.action.rule,
                    message: step.action.reason, state: step.state, waitsFor: step.waitsFor,
                    placement: placements[step.action.task].map(Placement.init))
            }, heldBy: drift.heldBy,
            stalled: status.conditions.first { $0.type == .stalled && $0.status }?.message)
    }
}

extension Difference {
    /// Whether tasks are replaced for it, rather than kept.
    var isReplacing: Bool {
        let key = field.prefix { $0 != "." }
        return TaskDefinition.replacingFields.fields.contains { $0.key == key }
    }
}
