import Crypto
import CubeJSON
import CubeTypes

/// An incremental digest of a set: the sum of the SHA-256 digests of its elements, in four lanes of 64 bits.
///
/// The cost of an update is proportional to the change. The digest distinguishes states that we produce ourselves; it does not
/// resist an attacker who constructs two sets with the same digest.
struct SetDigest: Hashable, Sendable {
    private var lanes: SIMD4<UInt64> = .zero

    init() {}

    /// Creates the digest of a set with one element, given in canonical form.
    init(of element: CanonicalJSON) {
        var hash = SHA256()
        element.bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        for (index, byte) in hash.finalize().enumerated() {
            lanes[index / 8] = lanes[index / 8] << 8 | UInt64(byte)
        }
    }

    static func += (left: inout SetDigest, right: SetDigest) { left.lanes &+= right.lanes }
    static func -= (left: inout SetDigest, right: SetDigest) { left.lanes &-= right.lanes }

    var digest: CubeTypes.Digest {
        .sha256(of: (0..<4).map { String(lanes[$0], radix: 16) }.joined(separator: "/"))
    }
}
