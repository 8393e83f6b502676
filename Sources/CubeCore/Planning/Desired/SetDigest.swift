import Crypto
import CubeTypes

/// A digest of a set that follows changes of its elements: the sum of the SHA-256 of each, in four lanes of 64 bits.
///
/// It tells two states of our own apart at the cost of what changed. It does not withstand somebody who looks for two
/// sets of one digest.
struct SetDigest: Hashable, Sendable {
    private var lanes: SIMD4<UInt64> = .zero

    init() {}

    /// The digest of one element.
    init(of element: String) {
        var hash = SHA256()
        Array(element.utf8).withUnsafeBytes { hash.update(bufferPointer: $0) }
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
