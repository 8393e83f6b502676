package import CubeTypes

extension RandomSource {
    /// The random numbers of this machine, which nobody can predict.
    package static let system = RandomSource {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
