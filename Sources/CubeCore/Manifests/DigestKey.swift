import Crypto
package import CubeTypes

/// The secret of a cluster under which people see digests.
///
/// Whoever knows the digest of a definition and all of the definition but a weak value, such as a PIN, finds the value by trying.
/// Under the key, equal digests still look equal, and nobody without it can try.
package struct DigestKey: Hashable, Sendable {
    /// How many bytes it has.
    package static let length = 32
    private let bytes: [UInt8]

    /// - Returns: `nil` for a number of bytes that no key has.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    /// Reads 64 hexadecimal digits.
    package init?(hexadecimal text: String) {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 2 * Self.length, !digits.contains(nil) else { return nil }
        bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0]! << 4 | digits[$0 + 1]!) }
    }

    package var hexadecimal: String { Hexadecimal.text(bytes) }

    /// A digest as people see it: its HMAC with SHA-256 (RFC 2104) under the key.
    package func keyed(_ digest: CubeTypes.Digest) -> CubeTypes.Digest {
        let block = bytes + [UInt8](repeating: 0, count: SHA256.blockByteCount - bytes.count)
        let inner = SHA256.bytes(of: block.map { $0 ^ 0x36 } + Array(digest.rawValue.utf8))
        return CubeTypes.Digest(
            rawValue: "sha256:" + Hexadecimal.text(SHA256.bytes(of: block.map { $0 ^ 0x5c } + inner)))!
    }
}

extension DigestKey: CustomStringConvertible {
    /// Not the key: a secret must not get into a log by accident.
    package var description: String { "a key of digests" }
}

extension TaskStatus {
    /// The same with its digests under a key.
    package func keyed(by key: DigestKey) -> TaskStatus {
        var task = self
        task.specDigest = key.keyed(specDigest)
        task.settingsDigest = key.keyed(settingsDigest)
        return task
    }
}

extension SlotStatus {
    /// The same with its digests under a key.
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
    /// The same with its digests under a key.
    func keyed(by key: DigestKey) -> HeldChange {
        HeldChange(verb: verb, name: name, ordinal: ordinal, from: from.map(key.keyed), to: to.map(key.keyed))
    }
}
