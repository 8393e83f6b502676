import Crypto
package import CubeTypes

/// The secret key of a cluster. People see only digests that are keyed with it.
///
/// A plain digest would allow a brute-force attack: somebody who knows a definition except for one weak value, such as a PIN,
/// could try values until the digest matches. Keyed digests can still be compared for equality, but cannot be computed without
/// the key.
package struct DigestKey: Hashable, Sendable {
    /// The length of a key in bytes.
    package static let length = 32
    private let bytes: [UInt8]
    /// The blocks of RFC 2104 that precede what is hashed first, and its hash.
    private let (innerBlock, outerBlock): ([UInt8], [UInt8])

    /// - Returns: `nil` if the number of bytes is not ``length``.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
        let block = bytes + [UInt8](repeating: 0, count: SHA256.blockByteCount - bytes.count)
        innerBlock = block.map { $0 ^ 0x36 }
        outerBlock = block.map { $0 ^ 0x5c }
    }

    /// Reads 64 hexadecimal digits.
    package init?(hexadecimal text: String) {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 2 * Self.length, !digits.contains(nil) else { return nil }
        self.init(bytes: stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0]! << 4 | digits[$0 + 1]!) })
    }

    package var hexadecimal: String { Hexadecimal.text(bytes) }

    /// Returns the keyed digest, which people see: the HMAC-SHA-256 (RFC 2104) of the digest.
    package func keyed(_ digest: CubeTypes.Digest) -> CubeTypes.Digest {
        let inner = SHA256.bytes(of: Array(digest.rawValue.utf8), after: innerBlock)
        return CubeTypes.Digest(sha256: SHA256.bytes(of: inner, after: outerBlock))
    }
}

extension DigestKey: CustomStringConvertible {
    /// A placeholder, so that the secret does not get into a log by accident.
    package var description: String { "a key of digests" }
}

extension TaskStatus {
    /// Returns the status with keyed digests.
    package func keyed(by key: DigestKey) -> TaskStatus {
        var task = self
        task.specDigest = key.keyed(specDigest)
        task.settingsDigest = key.keyed(settingsDigest)
        return task
    }
}

extension SlotStatus {
    /// Returns the status with keyed digests.
    package func keyed(by key: DigestKey) -> SlotStatus { mapDigests(key.keyed) }

    func mapDigests(_ change: (CubeTypes.Digest) -> CubeTypes.Digest) -> SlotStatus {
        var slot = self
        slot.lastDigest = lastDigest.map(change)
        slot.healthyDigest = healthyDigest.map(change)
        slot.rejected = rejected.map(change)
        slot.completed = completed.map(change)
        return slot
    }
}

extension HeldChange {
    /// Returns the change with keyed digests.
    func keyed(by key: DigestKey) -> HeldChange {
        HeldChange(verb: verb, name: name, ordinal: ordinal, from: from.map(key.keyed), to: to.map(key.keyed))
    }
}
