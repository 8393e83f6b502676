import CubeCore
import CubeSystem
package import CubeTypes
import GRDB
package import SystemPackage

extension SQLiteStore {
    /// Copies the database into an unlinked file, so that no file remains even if the caller never reads the copy to
    /// its end.
    package func backup() async throws -> any StoreBackup {
        let copy = path.removingLastComponent().appending(
            "\(Self.copyPrefix)\(random.next()).sqlite")
        defer {
            // The next start removes leftovers.
            for suffix in ["", "-wal", "-shm", "-journal"] { try? Directory.remove(FilePath(copy.string + suffix)) }
        }
        return try await Self.storeErrors {
            try FileDescriptor.open(
                copy, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite
            ).close()
            let target = try DatabaseQueue(path: copy.string)
            try database.backup(to: target)
            // The copy must be a single file, without a write-ahead log.
            try await target.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try target.close()
            return FileBackup(try FileDescriptor.open(copy, .readOnly, options: [.closeOnExec]))
        }
    }

    /// The prefix of copies' file names. Files with this prefix are removed, so it must be one that nobody uses for a
    /// backup.
    private static let copyPrefix = ".cube-copy-"

    /// Removes copies that a killed process left behind. They contain the values of `env`.
    static func removeCopies(beside path: FilePath) {
        let directory = path.removingLastComponent()
        // Opening the store reports an unreadable directory.
        for name in (try? Directory.names(in: directory)) ?? [] where name.text.hasPrefix(copyPrefix) {
            // The next start tries again.
            try? Directory.remove(directory.appending(name))
        }
    }

    private final class FileBackup: StoreBackup {
        private let file: FileDescriptor

        init(_ file: FileDescriptor) { self.file = file }

        // The file was only read, so an error on close loses nothing.
        deinit { try? file.close() }

        func read() throws -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 1 << 18)
            let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
            return Array(bytes[..<count])
        }
    }
}

/// A verified backup that can replace the store.
package struct StoreRestoration: Sendable {
    /// The cluster that the backup belongs to.
    package let cluster: ClusterID
    /// The revision of the backup.
    package let revision: Int
    package let tasks: Int
    /// The names of the tokens, sorted. One that was revoked after the backup is valid again.
    package let tokens: [TokenName]
    private let directory: FilePath
    private let candidate: FilePath
    private let term: Int

    /// Verifies a backup that was copied into the manager's directory. The caller holds the lock of that directory.
    ///
    /// - Parameters:
    ///   - candidate: A copy of the backup in that directory. The check modifies it.
    ///   - seenTerm: The highest term of the cluster that is known from elsewhere, such as from its workers.
    /// - Throws: `StoreError.damaged` if the file is not an intact backup.
    package static func check(
        _ candidate: FilePath, in directory: FilePath, seenTerm: Int
    ) async throws -> StoreRestoration {
        let store = try SQLiteStore.open(candidate)
        let problem = try await store.problem()
        if let problem { throw StoreError.damaged(problem) }
        let stored = try await store.stored()
        try store.database.close()
        // Restoring is meant for unreadable stores, so an unreadable current store is no error.
        let known = try? await current(in: directory)
        return StoreRestoration(
            cluster: stored.records.cluster, revision: stored.records.counters.revision,
            tasks: stored.records.tasks.count, tokens: stored.records.tokens.map { $0.key }.sorted(),
            directory: directory,
            candidate: candidate,
            term: max(stored.term, known?.term ?? 0, TermFile(directory: directory).read() ?? 0, seenTerm))
    }

    /// Returns the cluster and the term of the store that is to be replaced.
    ///
    /// - Returns: `nil` if there is no store.
    /// - Throws: An error if the store is unreadable.
    package static func current(in directory: FilePath) async throws -> (cluster: ClusterID, term: Int)? {
        let path = directory.appending(SQLiteStore.fileName)
        guard path.exists else { return nil }
        let store = try SQLiteStore.open(path)
        defer { try? store.database.close() }  // The database was only read.
        let stored = try await store.stored()
        return (stored.records.cluster, stored.term)
    }

    /// Replaces the store with the backup. The next manager starts a term above all earlier terms.
    ///
    /// - Returns: The new path of the replaced store; `nil` if there was none.
    package func carryOut() throws -> FilePath? {
        let path = directory.appending(SQLiteStore.fileName)
        try TermFile(directory: directory).write(term + 1)
        var kept: FilePath?
        if path.exists {
            var name = directory.appending("\(SQLiteStore.fileName).replaced")
            var number = 1
            while name.exists {
                number += 1
                name = directory.appending("\(SQLiteStore.fileName).replaced-\(number)")
            }
            for suffix in ["-wal", ""] where FilePath(path.string + suffix).exists {
                try AtomicFile.rename(FilePath(path.string + suffix), to: FilePath(name.string + suffix))
            }
            kept = name
        }
        try AtomicFile.rename(candidate, to: path)
        try Directory.synchronize(directory)
        return kept
    }
}
