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

    /// Returns the cost function of the policy; `nil` if the policy has none.
    ///
    /// - Parameters:
    ///   - nodes: the number of nodes that accept tasks, whether or not they can run the task.
    ///   - mostTasks: the number of tasks of the node among them that has most.
    func cost(nodes: @autoclosure () -> Int, mostTasks: @autoclosure () -> Int) -> OpportunityCost? {
        rule == .epvm ? OpportunityCost(nodes: nodes(), mostTasks: mostTasks()) : nil
    }

    /// The last node, by name, that the policy passes over at first; `nil` if it passes over none.
    var lastPassed: NodeName? { rule == .roundRobin ? lastPicked : nil }

    /// Whether the policy compares the numbers of the workload's tasks on the nodes.
    var comparesSiblings: Bool { rule == .spread }

    /// - Parameters:
    ///   - place: what the node is to the workload.
    ///   - cost: the result of ``cost(nodes:mostTasks:)``.
    func score(_ node: NodeFigures, _ place: Place, for demand: ResourceSpec, cost: OpportunityCost?) -> Score {
        switch rule {
        case .spread:
            return spreadScore(node.load(with: demand), node.tasks, place)
        case .binpack:
            return Score(
                domain: place.domainSiblings, first: node.tasks == 0 ? 1 : 0, second: node.room(after: demand),
                third: -node.tasks)
        case .roundRobin:
            return Score(domain: place.domainSiblings, first: place.isPassed ? 1 : 0)
        case .epvm:
            return Score(domain: place.domainSiblings, first: cost?.figure(of: demand, on: node) ?? 0)
        }
    }

    /// Whether the load of a node alone makes its score higher than the best one, which has the same domain and number of siblings. Most
    /// nodes need no score then.
    func isBehind(_ best: Score, _ node: NodeFigures, _ place: Place, for demand: ResourceSpec) -> Bool {
        guard rule == .spread else { return false }
        return node.isLoad(with: demand, above: best.second + (place.hasImage ? Self.imageLoad : 0))
    }

    /// What a node is to the workload that is being scheduled.
    struct Place {
        var domainSiblings = 0
        var siblings = 0
        var hasImage = false
        /// Whether the policy passes over the node at first. See ``Scoring/lastPassed``.
        var isPassed = false
    }

    private func spreadScore(_ load: Int, _ tasks: Int, _ place: Place) -> Score {
        // A node with the image seems to have a little more room. As the advantage is limited, tasks with the same image do not
        // all go to one node: the policy places the next one elsewhere when that node is ahead by more.
        Score(
            domain: place.domainSiblings, first: place.siblings,
            second: place.hasImage ? max(load - Self.imageLoad, 0) : load,
            third: place.hasImage ? tasks - Self.imageTasks : tasks)
    }

    /// Returns a score that no open node of a block is below.
    ///
    /// - Parameter place: what the node would be to the workload at best.
    func lowestScore(in block: NodeBlock.Bounds, _ place: Place, for demand: ResourceSpec) -> Score {
        switch rule {
        case .spread: spreadScore(block.leastLoad(with: demand), block.leastTasks, place)
        case .binpack:
            Score(domain: place.domainSiblings, first: block.mostTasks > 0 ? 0 : 1, second: .min, third: .min)
        case .roundRobin: Score(domain: place.domainSiblings, first: 0)
        case .epvm: Score(domain: place.domainSiblings, first: .min)
        }
    }
}
