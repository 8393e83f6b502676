import Foundation

/// Random numbers that a seed repeats (SplitMix64, Steele, Lea and Flood 2014). `CUBE_SEED` sets the seed.
struct SeededGenerator: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init() {
        seed = ProcessInfo.processInfo.environment["CUBE_SEED"].flatMap(UInt64.init) ?? .random(in: 0...UInt64.max)
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func pick<Element>(_ elements: some RandomAccessCollection<Element>) -> Element {
        elements.randomElement(using: &self)!
    }
}
