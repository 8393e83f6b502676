package import CubeTypes

/// Scores candidates by a scheduling policy. The lowest score is the best.
///
/// Whatever the policy, the first figure is the number of the workload's tasks in the domain of the node, if the workload spreads
/// over a label. The other figures are:
///
/// | Policy | Figures |
/// |---|---|
/// | `spread` | tasks of the workload on the node; reserved share of its scarcest resource; tasks on the node |
/// | `binpack` | 1 if the node has no task; sum of the shares of its resources that stay free; tasks on the node, negated |
/// | `round_robin` | 1 if the node is not after the node that was picked last |
/// | `epvm` | the marginal cost of the task, see ``OpportunityCost`` |
package struct Scoring: Sendable {
    package let policy: SchedulingPolicy
    private let rule: Rule
    /// The node that was picked last, after which `round_robin` continues.
    package var lastPicked: NodeName?

    /// The policy, without the text comparisons that an open set costs for each candidate.
    private enum Rule { case spread, binpack, roundRobin, epvm }

    package init(policy: SchedulingPolicy, lastPicked: NodeName?) {
        self.policy = policy
        self.lastPicked = lastPicked
        rule =
            switch policy {
            case .binpack: .binpack
            case .roundRobin: .roundRobin
            case .epvm: .epvm
            // A program that does not know the policy of its manager forecasts with the default.
            default: .spread
            }
    }

    /// How much less loaded a node with the image of the task seems to be, in millionths of its capacity.
    private static let imageLoad = 50_000
    /// How many tasks less a node with the image of the task seems to have.
    private static let imageTasks = 2

    /// Figures that are compared lexicographically. The size is fixed, because each placement scores thousands of nodes.
    package struct Score: Hashable, Comparable, Sendable {
        let domain: Int
        var first = 0
        var second = 0
        var third = 0

        package static func < (left: Score, right: Score) -> Bool {
            (left.domain, left.first, left.second, left.third) < (right.domain, right.first, right.second, right.third)
        }
    }

    /// Returns the cost function of the policy for a set of candidates; `nil` if the policy has none.
    ///
    /// - Parameter candidates: all nodes that accept tasks, whether or not they can run the task.
    package func cost(among candidates: [Candidate]) -> OpportunityCost? {
        rule == .epvm ? OpportunityCost(of: candidates) : nil
    }

    /// - Parameter cost: the result of ``cost(among:)``.
    package func score(_ candidate: Candidate, for demand: Demand, cost: OpportunityCost?) -> Score {
        let domain = candidate.domainSiblings
        switch rule {
        case .spread:
            // A node with the image seems to have a little more room. As the advantage is limited, tasks with the same image do not
            // all go to one node: the policy places the next one elsewhere when that node is ahead by more.
            let load = candidate.load(with: demand.resources)
            return candidate.hasImage
                ? Score(
                    domain: domain, first: candidate.siblings, second: max(load - Self.imageLoad, 0),
                    third: candidate.tasks - Self.imageTasks)
                : Score(domain: domain, first: candidate.siblings, second: load, third: candidate.tasks)
        case .binpack:
            return Score(
                domain: domain, first: candidate.tasks == 0 ? 1 : 0, second: candidate.room(after: demand.resources),
                third: -candidate.tasks)
        case .roundRobin:
            return Score(domain: domain, first: lastPicked.map { candidate.name > $0 } ?? true ? 0 : 1)
        case .epvm:
            return Score(domain: domain, first: cost?.figure(of: demand.resources, on: candidate) ?? 0)
        }
    }
}

extension Candidate {
    /// The reserved share of the scarcest resource after the task is placed, in millionths.
    fileprivate func load(with demand: ResourceSpec) -> Int {
        let total = reserved + demand
        return max(
            Self.share(total.millicores, of: capacity.millicores), Self.share(total.memory, of: capacity.memory),
            Self.share(total.disk, of: capacity.disk))
    }

    /// The sum of the shares of processors, memory and disk that are free after the task is placed, in millionths.
    fileprivate func room(after demand: ResourceSpec) -> Int {
        let rest = free - demand
        return Self.share(rest.millicores, of: capacity.millicores) + Self.share(rest.memory, of: capacity.memory)
            + Self.share(rest.disk, of: capacity.disk)
    }

    private static func share(_ part: Int, of whole: Int) -> Int {
        whole == 0 ? 0 : Int(Double(part) / Double(whole) * 1_000_000)
    }
}
