package import CubeTypes

/// Picks the candidate with the best score. Ties are broken by name, so that the order is total.
package struct Picking: Sendable {
    package var scoring: Scoring

    package init(scoring: Scoring) { self.scoring = scoring }

    /// - Parameters:
    ///   - feasible: the candidates that can run the task; at least one.
    ///   - all: all candidates.
    package func pick(_ feasible: [Candidate], of all: [Candidate], for demand: Demand) -> NodeName {
        let cost = scoring.cost(nodes: all.count, mostTasks: all.reduce(0) { max($0, $1.use.tasks) })
        func score(_ candidate: Candidate) -> Scoring.Score {
            let place = Scoring.Place(
                domainSiblings: candidate.domainSiblings, siblings: candidate.siblings, hasImage: candidate.hasImage,
                isPassed: scoring.lastPassed.map { candidate.name <= $0 } ?? false)
            return scoring.score(candidate.figures, place, for: demand.resources, cost: cost)
        }
        var best = feasible[0]
        var bestScore = score(best)
        for candidate in feasible.dropFirst() {
            let score = score(candidate)
            if score < bestScore || score == bestScore && candidate.name < best.name {
                (best, bestScore) = (candidate, score)
            }
        }
        return best.name
    }
}
