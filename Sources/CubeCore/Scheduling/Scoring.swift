package import CubeTypes

/// How good a candidate is under a policy; the lowest score is the best.
package struct Scoring: Sendable {
    package var policy: SchedulingPolicy
    /// The node that was picked last, where `round_robin` goes on.
    package var lastPicked: NodeName?

    package init(policy: SchedulingPolicy, lastPicked: NodeName?) {
        self.policy = policy
        self.lastPicked = lastPicked
    }

    /// Figures that are compared one after the other.
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
    /// The part of the scarcest resource that would be reserved, in millionths.
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
