import Crypto
package import CubeTypes

extension TaskID {
    /// The UUID name space of task ids. It must never change.
    private static let nameSpace: [UInt8] = [
        0xba, 0x6b, 0xa5, 0xc5, 0xaa, 0xac, 0x41, 0xcf, 0xaf, 0xfe, 0xa9, 0x4f, 0x27, 0xdf, 0xc8, 0x3b,
    ]

    /// Returns the id of an attempt of a slot: the UUID version 5 (RFC 9562) of `cluster/owner/name/ordinal/attempt/digest`.
    ///
    /// - Parameter digest: The spec digest. Only its hexadecimal digits are part of the hashed text.
    package static func derive(
        cluster: ClusterID, owner: OwnerName, name: WorkloadName, ordinal: Int, attempt: Int,
        digest: CubeTypes.Digest
    ) -> TaskID {
        let text = "\(cluster)/\(owner)/\(name)/\(ordinal)/\(attempt)/\(digest.hexadecimal)"
        return TaskID(rawValue: nameBasedUUID(of: text, in: nameSpace))!
    }
}

extension SourceID {
    /// The UUID name space of the ids of git sources. It must never change.
    private static let nameSpace: [UInt8] = [
        0x5d, 0x0e, 0x2c, 0x91, 0x7b, 0x3f, 0x4a, 0x68, 0x9c, 0x14, 0xe2, 0x57, 0x86, 0xab, 0x30, 0xf9,
    ]

    /// Returns the id of a manifest directory in a git repository, which is the same on every machine.
    ///
    /// - Parameters:
    ///   - url: the URL of the repository, without credentials.
    ///   - path: the directory, relative to the repository's root.
    package static func derive(git url: String, path: String) -> SourceID {
        SourceID(rawValue: nameBasedUUID(of: "\(url)\n\(path)", in: nameSpace))!
    }
}

/// UUID version 5 (RFC 9562), as text.
private func nameBasedUUID(of name: String, in nameSpace: [UInt8]) -> String {
    var hash = Insecure.SHA1()
    (nameSpace + name.utf8).withUnsafeBytes { hash.update(bufferPointer: $0) }
    var bytes = Array(hash.finalize().prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x50  // The version, 5.
    bytes[8] = bytes[8] & 0x3F | 0x80  // The variant of RFC 9562.
    return Hexadecimal.uuid(bytes)
}
