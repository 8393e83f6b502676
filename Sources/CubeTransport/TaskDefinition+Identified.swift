package import CubeTypes

extension TaskDefinition {
    /// The definition with an id. A definition without one gets a random id, so that a repeated request creates no second task.
    package func identified(by random: RandomSource) -> TaskDefinition {
        guard id == nil else { return self }
        var definition = self
        let digits = (0..<2).map { _ in
            let half = random.id()
            return String(repeating: "0", count: 16 - half.count) + half
        }
        definition.id = Self.generatedIDPrefix + digits.joined()
        return definition
    }
}
