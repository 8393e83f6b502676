package import CubeTypes

extension TaskDefinition {
    /// The same with an id: a random one where it has none, so that it counts once, however often a request is made.
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
