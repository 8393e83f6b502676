package import CubeTypes

extension RandomSource {
    /// The unpredictable random numbers of this machine.
    package static let system = RandomSource {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
