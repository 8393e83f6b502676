package import CubeTypes

/// Scores candidates by a scheduling policy. The lowest score is the best.
package struct Scoring: Sendable {
    package var policy: SchedulingPolicy
    /// The node that was picked last, after which `round_robin` continues.
    package var lastPicked: NodeName?

    package init(policy: SchedulingPolicy, lastPicked: NodeName?) {
        self.policy = policy
        self.lastPicked = lastPicked
    }

    /// A list of numbers that is compared lexicographically.
    package struct Score: Hashable, Comparable, Sendable {
        let figures: [Int]

        package static func < (left: Score, right: Score) -> Bool {
            left.figures.lexicographicallyPrecedes(right.figures)
        }
    }

    package func score(_ candidate: Candidate, for demand: Demand) -> Score {
        switch policy {
        case .roundRobin:
            let isAhead = lastPicked.map { candidate.name > $0 } ?? true
            return Score(figures: [isAhead ? 0 : 1])
        default:
            return Score(figures: [candidate.siblings, candidate.load(with: demand.resources), candidate.tasks])
        }
    }
}

extension Candidate {
    /// The reserved share of the scarcest resource after the task is placed, in millionths.
    fileprivate func load(with demand: ResourceSpec) -> Int {
        let total = reserved + demand
        func share(_ used: Int, _ whole: Int) -> Int {
            whole == 0 ? 0 : Int(Double(used) / Double(whole) * 1_000_000)
        }
        return max(
            share(total.millicores, capacity.millicores), share(total.memory, capacity.memory),
            share(total.disk, capacity.disk))
    }
}
