package import CubeTypes

/// The opportunity cost of the resources of a node, which the policy `epvm` keeps low.
///
/// Source: Y. Amir, B. Awerbuch, A. Barak, R. S. Borgstrom and A. Keren, "An Opportunity Cost Approach for Job Assignment in a
/// Scalable Computing Cluster", IEEE Transactions on Parallel and Distributed Systems 11(7), 2000, pages 760-768. The policy has the
/// name of the paper's algorithm for jobs that stay where they were started.
///
/// The cost of a node is n^c + n^m + n^t. n is the number of nodes that accept tasks, but at least 2; c and m are the shares of the
/// node's processors and memory that are reserved; t is its number of tasks divided by the smallest power of two that is greater
/// than the number of tasks on any of these nodes. The exponents are rounded down to multiples of 2^-20. A task goes to the node
/// whose cost it raises least.
///
/// As the cost of a resource grows exponentially with its use, a task avoids the node on which one of the resources that it needs is
/// scarce, even if that node has plenty of the others. In the model of the paper, the highest use of any resource of any node is
/// at most O(log n) times as high as if all later tasks were known in advance.
///
/// The paper measures the load of the processors and the memory in use. Cube counts what is reserved, as all of its policies
/// do, and the number of tasks, as many tasks reserve nothing. Disk space is not part of the cost.
package struct OpportunityCost: Sendable {
    /// n^(digit · 32^-place) for each digit from 0 to 32 of an exponent with four places, one place after the other.
    private var powers: [Double] = []
    /// The number of tasks that counts as full use.
    private let fullTasks: Int

    /// Exponents are multiples of 1/2^20.
    private static let one = 1 << 20
    private static let digits = 33

    /// - Parameters:
    ///   - nodes: the number of nodes that accept tasks.
    ///   - mostTasks: the number of tasks of the node among them that has most.
    package init(nodes: Int, mostTasks: Int) {
        // A count that another program reported may be any number.
        let most = max(min(mostTasks, 1 << 40), 0)
        fullTasks = 1 << (Int.bitWidth - most.leadingZeroBitCount)
        // Every machine computes the same powers, because they need only multiplications and square roots, whose results are
        // defined to the last bit.
        powers.reserveCapacity(4 * Self.digits)
        var root = Double(max(nodes, 2))
        for _ in 0..<4 {
            for _ in 0..<5 { root = root.squareRoot() }
            var power = 1.0
            for _ in 0..<Self.digits {
                powers.append(power)
                power *= root
            }
        }
    }

    /// Returns by how much a task raises the cost of a node.
    package func rise(_ demand: ResourceSpec, on node: NodeFigures) -> Double {
        rise(node.reserved.millicores, demand.millicores, of: node.capacity.millicores)
            + rise(node.reserved.memory, demand.memory, of: node.capacity.memory) + rise(node.tasks, 1, of: fullTasks)
    }

    /// The rise of the cost in units of 2^-30, as a figure of a score.
    func figure(of demand: ResourceSpec, on node: NodeFigures) -> Int { Int(rise(demand, on: node) * 0x1p30) }

    private func rise(_ used: Int, _ added: Int, of whole: Int) -> Double {
        guard added > 0, whole > 0 else { return 0 }
        return power(share(Double(used) + Double(added), of: whole)) - power(share(Double(used), of: whole))
    }

    private func share(_ part: Double, of whole: Int) -> Int {
        Int(min(max(part / Double(whole), 0), 1) * Double(Self.one))
    }

    /// Returns n to the power of an exponent from 0 to 1.
    private func power(_ exponent: Int) -> Double {
        powers[exponent >> 15] * powers[Self.digits + (exponent >> 10 & 31)]
            * powers[2 * Self.digits + (exponent >> 5 & 31)]
            * powers[3 * Self.digits + (exponent & 31)]
    }
}
