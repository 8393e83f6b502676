import CubeCore
import CubeJSON
import CubeTypes
import HashTreeCollections

/// The promises that every plan keeps.
extension PlanningChaos {
    mutating func check(_ plan: Plan) {
        for action in plan.actions {
            count(action.verb == .stop && action.rule == .specChanged ? "replace" : action.verb.rawValue)
            count(action.rule.rawValue)
            if kept.contains(action.name) { complain("\(action.verb) \(action.name), which cannot be read") }
            if case .kept? = world.planner.desired.workloads[action.name] { complain("\(action.name) is to be kept") }
        }
        if listed[ManifestGroup.fileName] != nil, listed.values.contains(where: \.isBroken), !plan.actions.isEmpty {
            complain("something of a group changes while a file of it cannot be read: \(plan.actions)")
        }
        count("kept", by: kept.count)
        for hold in plan.holds { count(hold.guardName) }
        for case let report? in plan.reports.values {
            for action in report.drift?.actions ?? [] where action.state == .waiting { count(action.reason) }
            for diagnostic in report.status.diagnostics { count(diagnostic.reason.rawValue) }
            for condition in report.status.conditions where condition.type == .stale { count(condition.reason) }
            let status = report.status
            if status.health == .suspended { count("suspended") }
            if status.sync == .synced, status.observedDigest ?? status.desiredDigest != status.desiredDigest {
                count("ignored")
            }
            for condition in report.status.conditions where condition.type == .stalled { count(condition.reason) }
        }
        checkPrunes(plan)
        checkReplicas(plan)
        checkOrder(plan)
    }

    /// The names that only unreadable files defined last.
    private var kept: Set<WorkloadName> {
        var broken: Set<WorkloadName> = []
        var readable: Set<WorkloadName> = []
        for (file, state) in listed {
            switch state {
            case .readable(let workloads, _): readable.formUnion(workloads.map(\.name))
            case .unreadable: broken.formUnion(defined[file] ?? [])
            case .group: break
            }
        }
        return broken.subtracting(readable)
    }

    /// At most three names go in ten minutes, but for those that a person let go.
    private mutating func checkPrunes(_ plan: Plan) {
        let names = Set(plan.actions.filter { $0.rule == .prune }.map(\.name)).subtracting(approved)
        pruned += names.map { (world.now, $0) }
        let limits = world.planner.observed?.limits ?? GuardLimits()
        pruned.removeAll { world.now - $0.at >= limits.window }
        let allowance = limits.allowance(of: Self.names.count)
        if Set(pruned.map(\.name)).count > allowance { complain("more than \(allowance) names were pruned") }
    }

    /// Nothing is started while something that it depends on is not there as declared.
    private mutating func checkOrder(_ plan: Plan) {
        for action in plan.actions where action.verb == .schedule {
            guard case .readable(let workload)? = world.planner.desired.workloads[action.name] else { continue }
            for name in workload.dependencies {
                guard case .readable(let other)? = world.planner.desired.workloads[name] else { continue }
                let seen = world.planner.observed?.workloads[name]
                // A job counts once it has completed: that it runs is not enough.
                let isJob = other.definition.kind == .job
                let ready = Set((seen?.live ?? []).filter { $0.ready && !isJob }.map(\.ordinal))
                let done = (0..<other.steering.replicas).count { ordinal in
                    ready.contains(ordinal) || seen?.slots[ordinal]?.last == .completed
                        || seen?.slots[ordinal]?.completed.contains(other.specDigest) == true
                }
                if done < other.steering.replicas { complain("\(action.name) is started before \(name)") }
            }
        }
    }

    /// Never more live tasks than replicas and surge; and what is ready, or was for long enough, is not stopped while
    /// too little else is.
    private mutating func checkReplicas(_ plan: Plan) {
        // Of what the planner sees: what ended since is not its doing.
        let live = (world.planner.observed?.workloads ?? [:]).mapValues(\.live)
        for (name, actions) in Dictionary(grouping: plan.actions, by: \.name) {
            guard case .readable(let workload)? = world.planner.desired.workloads[name] else { continue }
            let (tasks, update) = (live[name] ?? [], workload.steering.update)
            let scheduled = actions.count { $0.verb == .schedule }
            let limit = workload.steering.replicas + update.maxSurge
            if scheduled > 0, tasks.count + scheduled > limit {
                complain("\(name): \(tasks.count) live and \(scheduled) scheduled, above \(limit)")
            }
            if scheduled > 0, tasks.count + scheduled > workload.steering.replicas { count("surge") }
            let stops = Set(actions.filter { $0.verb == .stop }.map(\.task))
            let working = tasks.filter { $0.ready && !$0.nodeUnknown && $0.desired == .run }
            let sure = working.filter { readySince[$0.id].map { $0.at + update.minHealthy <= world.now } ?? false }
            let floor = workload.steering.replicas - update.maxUnavailable
            guard workload.definition.kind == .service else { continue }
            for (tasks, word) in [(working, "ready"), (sure, "ready for long enough")] {
                let left = tasks.count { !stops.contains($0.id) }
                guard left < min(tasks.count, floor) else { continue }
                complain("\(name): \(left) of \(tasks.count) that are \(word) are left, below \(floor): \(actions)")
            }
        }
    }

    /// What lives is what is declared: slot by slot, and no more.
    mutating func checkEnd() {
        var expected: Set<String> = []
        for case .readable(let workloads, _) in world.files.values {
            for workload in workloads where workload.definition.kind == .service {
                for ordinal in 0..<workload.steering.replicas {
                    expected.insert("\(workload.name)/\(ordinal) \(workload.specDigest)")
                }
            }
        }
        let live = world.live().map {
            "\($0.name)/\($0.ordinal) \($0.specDigest)"
        }
        let left = world.cluster.records.nodes["w2"].map { node in
            world.cluster.drain(of: node, otherwise: DrainRequest(), at: DurableInstant(wall: world.now))
        }
        if left?.done != true { complain("the drained node has tasks: \(left?.tasks ?? [])") }
        if Set(live) != expected || live.count != expected.count {
            complain("\(live.sorted()) live, not \(expected.sorted())")
        }
    }
}

extension FileState {
    var isBroken: Bool { if case .unreadable = self { true } else { false } }
}
