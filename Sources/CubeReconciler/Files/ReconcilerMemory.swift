package import CubeCore
import CubeJSON
package import CubeSystem
package import CubeTypes
package import Logging
package import SystemPackage

/// The reconciler's files in the data directory: its identity as a source, in `source.json`, and a cache in `reconciler`.
///
/// Deleting `reconciler` changes no decision, because the manager keeps all state of the owner that decisions depend on. Without
/// the cache, a restarted reconciler may have to wait until the lease of the previous process ends, and may send a notice twice. A
/// file that cannot be read is logged and treated as missing.
package struct ReconcilerMemory: Sendable {
    /// The identity of this source, and the first cluster that it connected to.
    package struct Identity: Codable, Hashable, Sendable {
        package var source: SourceID
        package var cluster: ClusterID?
        /// The data directory's own source id, while the source is a repository with another id.
        package var directory: SourceID?
    }

    private static let maximumFile = 1 << 30

    private let identityFile: FilePath
    private let directory: FilePath
    private let files: any WritableFileSystem
    private let logger: Logger

    /// - Parameter directory: The data directory.
    package init(directory: FilePath, files: any WritableFileSystem, logger: Logger) {
        identityFile = directory.appending("source.json")
        self.directory = directory.appending("reconciler")
        self.files = files
        self.logger = logger
    }

    /// The stored identity; `nil` if none is stored.
    package var knownIdentity: Identity? { load(identityFile) }

    /// Returns the identity of this source, and stores it if it is new.
    ///
    /// - Parameter repository: The id of the repository that is the source; `nil` if the data directory identifies the
    ///   source.
    /// - Throws: If the identity cannot be stored. Without a stored identity, every start would count as a new source.
    package func identity(of repository: SourceID? = nil, random: () -> UInt64) throws(FileError) -> Identity {
        let known = knownIdentity
        let own = known?.directory ?? known?.source ?? .random(random)
        let identity = Identity(
            source: repository ?? own, cluster: known?.cluster, directory: repository == nil ? nil : own)
        if identity != known { try save(identity) }
        return identity
    }

    package func save(_ identity: Identity) throws(FileError) { try save(identity, as: identityFile) }

    /// The fence of the lease that was held last. A restarted reconciler replaces that lease without waiting for its end.
    package var fence: Int? { (load(directory.appending("lease.json")) as LastLease?)?.fence }

    package func save(fence: Int) throws(FileError) {
        try save(LastLease(fence: fence), as: directory.appending("lease.json"))
    }

    private struct LastLease: Codable {
        var fence: Int
    }

    /// The problems about which people were notified.
    package var notices: NoticeBoard { load(directory.appending("notices.json")) ?? NoticeBoard() }

    package func save(_ notices: NoticeBoard) throws(FileError) {
        try save(notices, as: directory.appending("notices.json"))
    }

    private func load<Value: Decodable>(_ path: FilePath) -> Value? {
        do {
            guard let bytes = try files.read(path, limit: Self.maximumFile) else { return nil }
            return try JSONBytesDecoder.value(from: bytes)
        } catch {
            logger.error(
                "cannot read a stored file; it counts as deleted",
                metadata: ["file": "\(path)", "error": "\(error)"])
            return nil
        }
    }

    private func save(_ value: some Encodable, as path: FilePath) throws(FileError) {
        let bytes = StatusFiles.bytes(of: value)
        do throws(FileError) {
            try files.replace(path, with: bytes, durable: true)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            try files.makeDirectory(path.removingLastComponent())
            try files.replace(path, with: bytes, durable: true)
        }
    }
}

extension SourceID {
    /// Returns a random UUID, version 4.
    fileprivate static func random(_ random: () -> UInt64) -> SourceID {
        let (high, low) = (random() & ~0xF000 | 0x4000, random() & ~(3 << 62) | 2 << 62)
        func digits(_ value: UInt64, _ range: Range<Int>) -> Substring {
            let text = String(value, radix: 16)
            return (String(repeating: "0", count: 16 - text.count) + text).dropFirst(range.lowerBound).prefix(
                range.count)
        }
        return SourceID(
            rawValue: [
                digits(high, 0..<8), digits(high, 8..<12), digits(high, 12..<16), digits(low, 0..<4),
                digits(low, 4..<16),
            ].joined(separator: "-"))!
    }
}
