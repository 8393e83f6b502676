/// 128 bits of an identifier. They take a fraction of the space of their hexadecimal text, and are compared and hashed at once.
struct Bits128: Hashable, Comparable, Sendable {
    private var high: UInt64 = 0
    private var low: UInt64 = 0

    /// The value 0.
    init() {}

    /// - Parameter bytes: 16 bytes, the most significant one first.
    init(_ bytes: some Collection<UInt8>) {
        precondition(bytes.count == 16)
        for byte in bytes.prefix(8) { high = high << 8 | UInt64(byte) }
        for byte in bytes.dropFirst(8) { low = low << 8 | UInt64(byte) }
    }

    /// Parses 32 lower-case hexadecimal digits in ASCII.
    init?(hexadecimal digits: some Collection<UInt8>) {
        guard digits.count == 32 else { return nil }
        for digit in digits {
            guard let number = Hexadecimal.number(digit) else { return nil }
            append(number)
        }
    }

    /// Shifts in four bits, which become the lowest ones.
    mutating func append(_ number: UInt8) {
        high = high << 4 | low >> 60
        low = low << 4 | UInt64(number)
    }

    /// Returns the hexadecimal digit at a position from 0 to 31.
    func digit(_ position: Int) -> UInt8 {
        let word = position < 16 ? high : low
        return Hexadecimal.digit(UInt8(truncatingIfNeeded: word >> (60 - 4 * (position & 15))) & 15)
    }

    /// Compares the numbers, whose order is that of their texts.
    static func < (left: Bits128, right: Bits128) -> Bool { (left.high, left.low) < (right.high, right.low) }
}

/// The bits of a UUID.
struct UUIDBits: Hashable, Comparable, Sendable {
    static let rule = "must be a lower-case UUID"

    private var bits = Bits128()

    /// - Parameter bytes: 16 bytes.
    init(_ bytes: [UInt8]) { bits = Bits128(bytes) }

    /// Parses a UUID in lower case.
    init?(_ text: String) {
        guard text.utf8.count == 36 else { return nil }
        for (place, byte) in text.utf8.enumerated() {
            if Self.isDash(place) {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard let number = Hexadecimal.number(byte) else { return nil }
                bits.append(number)
            }
        }
    }

    // Each record has several of these texts, so each is written at once.
    var text: String {
        String(unsafeUninitializedCapacity: 36) { text in
            var digit = 0
            for place in 0..<36 {
                if Self.isDash(place) {
                    text.initializeElement(at: place, to: UInt8(ascii: "-"))
                } else {
                    text.initializeElement(at: place, to: bits.digit(digit))
                    digit += 1
                }
            }
            return 36
        }
    }

    private static func isDash(_ place: Int) -> Bool { place == 8 || place == 13 || place == 18 || place == 23 }

    static func < (left: UUIDBits, right: UUIDBits) -> Bool { left.bits < right.bits }
}

/// The bits of a SHA-256.
struct DigestBits: Hashable, Comparable, Sendable {
    private var first: Bits128
    private var last: Bits128

    /// - Parameter bytes: 32 bytes.
    init(_ bytes: [UInt8]) { (first, last) = (Bits128(bytes.prefix(16)), Bits128(bytes.dropFirst(16))) }

    /// Parses `sha256:` and 64 lower-case hexadecimal digits.
    init?(_ text: String) {
        let digits = text.utf8.dropFirst(Self.prefix.utf8CodeUnitCount)
        guard text.hasPrefix(Self.prefix.description), let first = Bits128(hexadecimal: digits.prefix(32)),
            let last = Bits128(hexadecimal: digits.dropFirst(32))
        else { return nil }
        (self.first, self.last) = (first, last)
    }

    var text: String {
        let start = Self.prefix.utf8CodeUnitCount
        return String(unsafeUninitializedCapacity: start + 64) { text in
            _ = text.initialize(from: UnsafeBufferPointer(start: Self.prefix.utf8Start, count: start))
            for position in 0..<32 {
                text.initializeElement(at: start + position, to: first.digit(position))
                text.initializeElement(at: start + 32 + position, to: last.digit(position))
            }
            return start + 64
        }
    }

    private static let prefix: StaticString = "sha256:"

    static func < (left: DigestBits, right: DigestBits) -> Bool {
        (left.first, left.last) < (right.first, right.last)
    }
}
