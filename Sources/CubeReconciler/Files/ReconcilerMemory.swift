package import CubeCore
package import CubeSystem
package import CubeTypes
import FoundationEssentials
package import Logging
package import SystemPackage

/// What a reconciler remembers between runs, in `reconciler` of its data directory; beside it, in `source.json`, who it is.
///
/// Deleting `reconciler` is safe: names are then learned from the tasks that bear their file, and nothing unknown is pruned. What
/// cannot be read counts as deleted, and is told.
package struct ReconcilerMemory: Sendable {
    /// Who this source is, and the cluster that it met first.
    package struct Identity: Codable, Hashable, Sendable {
        package var source: SourceID
        package var cluster: ClusterID?
        /// The id of the data directory as a source, while it stands for a repository, which has its own.
        package var directory: SourceID?
    }

    private static let maximumFile = 1 << 30

    private let identityFile: FilePath
    private let directory: FilePath
    private let files: any WritableFileSystem
    private let logger: Logger

    /// - Parameter directory: the data directory.
    package init(directory: FilePath, files: any WritableFileSystem, logger: Logger) {
        identityFile = directory.appending("source.json")
        self.directory = directory.appending("reconciler")
        self.files = files
        self.logger = logger
    }

    /// Which source this is; `nil` where it was never told.
    package var knownIdentity: Identity? { load(identityFile) }

    /// Which source this is; a new one is made and written down.
    ///
    /// - Parameter repository: the source that the data directory stands for; `nil`: itself.
    /// - Throws: where it cannot be written: without it every start would be another source.
    package func identity(of repository: SourceID? = nil, random: () -> UInt64) throws(FileError) -> Identity {
        let known = knownIdentity
        let own = known?.directory ?? known?.source ?? .random(random)
        let identity = Identity(
            source: repository ?? own, cluster: known?.cluster, directory: repository == nil ? nil : own)
        if identity != known { try save(identity) }
        return identity
    }

    package func save(_ identity: Identity) throws(FileError) { try save(identity, as: identityFile) }

    /// The names of the source's files; `nil` where nothing is remembered.
    package var names: SourceMemory? { load(directory.appending("names.json")) }

    package func save(_ names: SourceMemory) throws(FileError) {
        try save(names, as: directory.appending("names.json"))
    }

    package func window(at present: Present) -> GuardWindow {
        (load(directory.appending("window.json")) as StoredWindow?)?.window(at: present) ?? GuardWindow()
    }

    package func save(_ window: GuardWindow, at present: Present) throws(FileError) {
        try save(StoredWindow(window, at: present), as: directory.appending("window.json"))
    }

    /// The fence of the owner's lease that was held last: who starts anew here need not wait for its end.
    package var fence: Int? { (load(directory.appending("lease.json")) as LastLease?)?.fence }

    package func save(fence: Int) throws(FileError) {
        try save(LastLease(fence: fence), as: directory.appending("lease.json"))
    }

    private struct LastLease: Codable {
        var fence: Int
    }

    /// What people were told is wrong.
    package var notices: NoticeBoard { load(directory.appending("notices.json")) ?? NoticeBoard() }

    package func save(_ notices: NoticeBoard) throws(FileError) {
        try save(notices, as: directory.appending("notices.json"))
    }

    private func load<Value: Decodable>(_ path: FilePath) -> Value? {
        do {
            guard let bytes = try files.read(path, limit: Self.maximumFile) else { return nil }
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch {
            logger.error(
                "what is remembered cannot be read and counts as gone",
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
    /// A UUID of version 4.
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
