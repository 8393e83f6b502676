package import CubeTypes

/// Picks the candidate with the best score. Ties are broken by name, so that the order is total.
package struct Picking: Sendable {
    package var scoring: Scoring

    package init(scoring: Scoring) { self.scoring = scoring }

    /// - Parameter candidates: At least one candidate.
    package func pick(_ candidates: [Candidate], for demand: Demand) -> NodeName {
        candidates
            .map { (score: scoring.score($0, for: demand), name: $0.name) }
            .min { ($0.score, $0.name) < ($1.score, $1.name) }!
            .name
    }
}
