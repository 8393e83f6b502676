/// A source of random numbers that is passed in from outside, so that tests and simulations can repeat what they draw.
package struct RandomSource: RandomNumberGenerator, Sendable {
    private let draw: @Sendable () -> UInt64

    /// - Parameter draw: returns 64 random bits.
    package init(_ draw: @escaping @Sendable () -> UInt64) { self.draw = draw }

    /// 64 random bits.
    package func next() -> UInt64 { draw() }

    /// A number of 0 ..< 1.
    package func fraction() -> Double { Double(draw() >> 11) / Double(1 << 53) }

    package func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let bits = draw()
            for shift in stride(from: 0, to: 64, by: 8) where bytes.count < count {
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
            }
        }
        return bytes
    }

    /// An id of 64 bits, in hexadecimal digits.
    package func id() -> String { String(draw(), radix: 16) }

    /// A UUID (RFC 9562) in lower case that is random except for its version.
    ///
    /// - Parameter version: 4, or 8 for an id that has a meaning of its own.
    package func uuid(version: UInt8 = 4) -> String {
        var bytes = bytes(16)
        bytes[6] = bytes[6] & 0x0F | version << 4
        bytes[8] = bytes[8] & 0x3F | 0x80
        return Hexadecimal.uuid(bytes)
    }
}
