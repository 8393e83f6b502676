import CubeJSON
import CubeTypes

/// Decides what is to become of a name that no readable manifest declares.
struct LeftoverDecider {
    let name: WorkloadName
    let observed: ObservedWorkload
    let directives: NameDirectives
    /// What depends on it and still lives, sorted.
    var dependents: [WorkloadName] = []
    let starts: StartTimes
    let now: Timestamp

    /// Nobody can know what is declared: all stays as it is.
    func keep(_ kept: KeptReason) -> Decision {
        Decision(rule: kept.rule, reason: kept.text, health: health, replicas: replicas(desired: live.count))
    }

    /// Nothing is declared: what lives is pruned, if the guards let it.
    func prune() -> Decision {
        let steps = live.map { task in
            let action = PlannedAction(
                name: name, ordinal: task.ordinal, rule: .prune, reason: "no manifest declares it any more",
                operation: .stop(
                    StopRequest(id: task.id, name: name, ordinal: task.ordinal, attempt: task.attempt)))
            guard !task.isStopping else { return Step(action, .inFlight) }
            let change = HeldChange(
                verb: HeldChange.prune, name: name, ordinal: task.ordinal, from: task.specDigest, to: nil)
            return Step(action, .due, change: change)
        }
        let freeze = directives.freeze(at: now)
        return Decision(
            rule: freeze == nil ? .prune : .suspended, reason: "no manifest declares it any more",
            steps: freeze == nil ? steps : steps.map(\.suspended), health: health,
            standstill: starts.overdueStop(among: live, at: now), replicas: replicas(desired: 0),
            dependents: freeze == nil ? dependents : [],
            wakeAt: [freeze?.expiresAt, starts.nextStopDeadline(among: live, after: now)].compactMap { $0 }.min())
    }

    private var live: [TaskStatus] { observed.live }

    private func replicas(desired: Int) -> WorkloadStatus.Replicas {
        .init(desired: desired, live: live.count, ready: live.count { $0.ready })
    }

    private var health: Health {
        if live.contains(where: \.nodeUnknown) { return Health(.unknown, "node_unknown", "its node is silent") }
        if live.isEmpty { return Health(.missing, "not_running", "none of its tasks lives") }
        if live.allSatisfy({ $0.ready && !$0.isStopping }) {
            return Health(.healthy, "running", "its tasks run")
        }
        return Health(.progressing, "not_ready", "\(live.count { !$0.ready }) of its \(live.count) tasks are not ready")
    }
}

extension KeptReason {
    var text: String {
        switch self {
        case .unreadable(let files):
            "\(files.joined(separator: ", ")) cannot be read: all stays as it is"
        case .groupInvalid(let directory, let files):
            "\(files.joined(separator: ", ")) cannot be read, and "
                + "\(directory.isEmpty ? "all manifests are" : "\(directory) is") one group: all of it stays as it is"
        case .misled(let diagnostics):
            "\(diagnostics.map(\.summary).joined(separator: "; ")): all stays as it is"
        case .disputed(let places):
            "it is declared more than once (\(places.map { "\($0.filename):\($0.start.line)" }.joined(separator: ", "))): "
                + "all stays as it is"
        }
    }
}
