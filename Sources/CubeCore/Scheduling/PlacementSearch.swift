import CubeTypes

/// A search for the node of a set with the best score.
struct PlacementSearch {
    let demand: Demand
    let scoring: Scoring
    let cost: OpportunityCost?
    /// The nodes that have the image of the task; `nil` if it is of no importance.
    let images: NodeSet?
    /// The number of nodes, by name, that the policy passes over at first.
    let passed: Int

    /// Returns the position of the best node of a set that has room for the task; the first one by name of those that are equally good.
    ///
    /// - Parameters:
    ///   - domainSiblings: the number of the workload's tasks in the domain of each node of the set.
    ///   - siblings: the number of the workload's tasks on each node of the set, if the policy compares it.
    func best(in set: NodeSet, of blocks: [NodeBlock], _ domainSiblings: Int, _ siblings: Int) -> Int? {
        var place = Scoring.Place(domainSiblings: domainSiblings, siblings: siblings)
        var best: (position: Int, score: Scoring.Score, rank: Int)?
        for index in blocks.indices {
            var word = set.words[index] & blocks[index].open
            guard word != 0, blocks[index].bounds.mostFree.covers(demand.resources) else { continue }
            let images = images?.words[index] ?? 0
            place.hasImage = word & images != 0
            place.isPassed = false
            if let best {
                let lowest = scoring.lowestScore(in: blocks[index].bounds, place, for: demand.resources)
                if lowest > best.score || lowest == best.score && blocks[index].bounds.leastRank > best.rank {
                    continue
                }
            }
            blocks[index].figures.withUnsafeBufferPointer { nodes in
                while word != 0 {
                    let bit = word.trailingZeroBitCount
                    word &= word - 1
                    place.hasImage = images & 1 << UInt64(bit) != 0
                    if let best, scoring.isBehind(best.score, nodes[bit], place, for: demand.resources) { continue }
                    guard nodes[bit].free.covers(demand.resources), demand.hasPorts(beside: blocks[index].ports[bit])
                    else { continue }
                    place.isPassed = nodes[bit].rank < passed
                    let score = scoring.score(nodes[bit], place, for: demand.resources, cost: cost)
                    if best.map({ score < $0.score || score == $0.score && nodes[bit].rank < $0.rank }) ?? true {
                        best = (index * NodeBlock.size + bit, score, nodes[bit].rank)
                    }
                }
            }
        }
        return best?.position
    }
}
