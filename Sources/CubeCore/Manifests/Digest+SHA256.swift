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
    static func text(_ bytes: some Collection<UInt8>) -> String {
        String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
            var place = 0
            for byte in bytes {
                text[place] = digit(byte >> 4)
                text[place + 1] = digit(byte & 15)
                place += 2
            }
            return place
        }
    }

    private static func digit(_ number: UInt8) -> UInt8 {
        number < 10 ? UInt8(ascii: "0") + number : UInt8(ascii: "a") + number - 10
    }
}
