package import CubeTypes

extension TaskDefinition {
    /// The definition with an id. A definition without one gets a random id, so that a repeated request creates no second task.
    package var identified: TaskDefinition {
        guard id == nil else { return self }
        var definition = self
        let digits = (0..<2).map { _ in
            let half = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - half.count) + half
        }
        definition.id = Self.generatedIDPrefix + digits.joined()
        return definition
    }
}
