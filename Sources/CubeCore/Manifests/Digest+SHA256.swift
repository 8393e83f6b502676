import Crypto
package import CubeTypes

extension CubeTypes.Digest {
    /// Returns the SHA-256 of these bytes.
    package static func sha256(of bytes: [UInt8]) -> CubeTypes.Digest {
        CubeTypes.Digest(sha256: SHA256.bytes(of: bytes))
    }

    /// Returns the SHA-256 of the UTF-8 encoding of a text.
    package static func sha256(of text: String) -> CubeTypes.Digest { sha256(of: Array(text.utf8)) }
}

extension SHA256 {
    /// Returns the hash of these bytes.
    ///
    /// - Parameter prefix: bytes that are hashed before them.
    static func bytes(of bytes: [UInt8], after prefix: [UInt8] = []) -> [UInt8] {
        var hash = SHA256()
        prefix.withUnsafeBytes { hash.update(bufferPointer: $0) }
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return hash.finalize().withUnsafeBytes { Array($0) }
    }
}
