package import CubeErrors
import CubeSystem
package import CubeTypes
import FoundationEssentials
import Synchronization
package import SystemPackage

/// The keys of the nodes that are admitted to a cluster, in a file of the manager.
///
/// A certificate of a worker is valid only while its key is recorded here for its node. Removing the record revokes it, whatever
/// its period of validity, and survives restarts.
package final class NodeKeys: Sendable {
    /// A record of one node.
    package struct Entry: Codable, Hashable, Sendable {
        /// The SHA-256 of the public key, in hexadecimal digits.
        package var key: String
        /// When the last certificate of the key ends.
        package var until: Timestamp

        package init(key: String, until: Timestamp) {
            self.key = key
            self.until = until
        }
    }

    private let file: FilePath
    private let entries: Mutex<[NodeName: Entry]>

    /// The maximum size of the file, which is enough for 100,000 nodes.
    private static let limit = 32 << 20

    /// - Throws: `internal` if the file cannot be read; `validation_failed` if it is damaged.
    package init(file: FilePath) throws(APIError) {
        self.file = file
        let bytes: [UInt8]?
        do throws(FileError) { bytes = try RegularFile.read(file, limit: Self.limit) } catch {
            throw APIError(.internal, "cannot read \(error)")
        }
        do {
            entries = Mutex(try bytes.map { try JSONDecoder().decode([NodeName: Entry].self, from: Data($0)) } ?? [:])
        } catch {
            throw APIError(
                .validationFailed,
                "\(file) is damaged; move it aside to start, after which every worker has to join anew with a token")
        }
    }

    package func isKnown(_ name: CertificateName, key: String) -> Bool {
        guard let node = name.node else { return true }
        return entries.withLock { $0[node]?.key == key }
    }

    /// Records the key of a node before its certificate is issued.
    ///
    /// - Parameter isProved: Whether the caller proved with a certificate that it is the node.
    /// - Throws: `conflict` if another key has a certificate for the node that is still valid.
    package func admit(
        _ node: NodeName, key: String, until: Timestamp, isProved: Bool, at now: Timestamp
    ) throws(APIError) {
        try change { (entries) throws(APIError) in
            if let known = entries[node], known.key != key, known.until > now, !isProved {
                throw APIError(
                    .conflict,
                    "node \(node) has a certificate for another key, valid until \(known.until); forget the node first, or "
                        + "join under another name")
            }
            entries[node] = Entry(key: key, until: until)
        }
    }

    /// Revokes the certificates of a node.
    ///
    /// - Returns: The removed record, for ``restore(_:of:)``; `nil` if the node has no certificate.
    package func revoke(_ node: NodeName) throws(APIError) -> Entry? {
        try change { $0.removeValue(forKey: node) }
    }

    package func restore(_ entry: Entry, of node: NodeName) throws(APIError) {
        try change { entries in
            if entries[node] == nil { entries[node] = entry }
        }
    }

    private func change<Result: Sendable>(
        _ change: (inout [NodeName: Entry]) throws(APIError) -> Result
    ) throws(APIError) -> Result {
        try entries.withLock { (entries) throws(APIError) in
            var changed = entries
            let result = try change(&changed)
            guard changed != entries else { return result }
            do {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
                try AtomicFile.replace(file, with: Array(try encoder.encode(changed)), durably: true)
            } catch {
                let isFull = (error as? FileError)?.isFullDisk ?? false
                throw APIError(isFull ? .storageFull : .internal, "cannot write \(file): \(error)")
            }
            entries = changed
            return result
        }
    }
}
