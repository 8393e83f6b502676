import FoundationEssentials

/// A reproducible random number generator (SplitMix64; Steele, Lea and Flood, 2014).
///
/// The default seed is the same in each run, so that a test fails only because of a change in the code. Set `CUBE_SEED` for another
/// seed, or `CUBE_SEED=random` for a random one.
package struct SeededGenerator: RandomNumberGenerator {
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    package init() {
        let setting = ProcessInfo.processInfo.environment["CUBE_SEED"]
        self.init(seed: setting == "random" ? .random(in: 0...UInt64.max) : setting.flatMap(UInt64.init) ?? 2026)
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    package mutating func pick<Element>(_ elements: some RandomAccessCollection<Element>) -> Element {
        elements.randomElement(using: &self)!
    }
}
