package import CubeTypes

/// Picks the candidate with the best score. Ties are broken by name, so that the order is total.
package struct Picking: Sendable {
    package var scoring: Scoring

    package init(scoring: Scoring) { self.scoring = scoring }

    /// - Parameters:
    ///   - feasible: the candidates that can run the task; at least one.
    ///   - all: all candidates.
    package func pick(_ feasible: [Candidate], of all: [Candidate], for demand: Demand) -> NodeName {
        let cost = scoring.cost(among: all)
        var best = feasible.startIndex
        var bestScore = scoring.score(feasible[best], for: demand, cost: cost)
        for index in feasible.indices.dropFirst() {
            let score = scoring.score(feasible[index], for: demand, cost: cost)
            if score < bestScore || score == bestScore && feasible[index].name < feasible[best].name {
                (best, bestScore) = (index, score)
            }
        }
        return feasible[best].name
    }
}
