package import CubeTypes

extension RandomSource {
    /// The source of unpredictable random numbers of this machine.
    package static let system = RandomSource {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
