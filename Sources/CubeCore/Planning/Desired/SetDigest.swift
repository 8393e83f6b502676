import Crypto
import CubeJSON
import CubeTypes

/// A digest of a set that follows changes of its elements: the sum of the SHA-256 of each, in four lanes of 64 bits.
///
/// Following a change costs as much as the change. The digest tells two of our own states apart; it does not withstand somebody
/// who constructs two sets with the same digest.
struct SetDigest: Hashable, Sendable {
    private var lanes: SIMD4<UInt64> = .zero

    init() {}

    /// The digest of one element, by its canonical form.
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
