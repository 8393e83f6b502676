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
    static func bytes(of bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }
}

/// Lower-case hexadecimal digits.
enum Hexadecimal {
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
