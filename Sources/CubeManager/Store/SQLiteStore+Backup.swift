import CubeCore
package import CubeTypes
import Glibc
import GRDB
package import SystemPackage

extension SQLiteStore {
    /// Copies the database into a file that has no name any more: whoever reads it to its end, or does not, leaves nothing.
    package func backup() async throws -> any StoreBackup {
        let copy = path.removingLastComponent().appending(
            "\(Self.copyPrefix)\(random.next()).sqlite")
        defer { for suffix in ["", "-wal", "-shm", "-journal"] { unlink(copy.string + suffix) } }
        return try await Self.storeErrors {
            try FileDescriptor.open(
                copy, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite
            ).close()
            let target = try DatabaseQueue(path: copy.string)
            try database.backup(to: target)
            // A copy is one file.
            try await target.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try target.close()
            return FileBackup(try FileDescriptor.open(copy, .readOnly, options: [.closeOnExec]))
        }
    }

    /// How the name of a copy begins: in a way in which nobody names a backup, as what is left of copies is removed.
    private static let copyPrefix = ".cube-copy-"

    /// Removes what is left of copies whose process was killed: they hold the values of `env`.
    static func removeCopies(beside path: FilePath) throws {
        let directory = path.removingLastComponent()
        guard let stream = opendir(directory.string) else { return }  // Opening the store says what is wrong with it.
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(copyPrefix) { unlink(directory.appending(name).string) }
        }
    }

    private final class FileBackup: StoreBackup {
        private let file: FileDescriptor

        init(_ file: FileDescriptor) { self.file = file }

        // Nothing was written to it that closing could lose.
        deinit { try? file.close() }

        func read() throws -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 1 << 18)
            let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
            return Array(bytes[..<count])
        }
    }
}

/// A backup that takes the place of the store, once nothing is wrong with it.
package struct StoreRestoration: Sendable {
    /// The cluster that the backup is of.
    package let cluster: ClusterID
    /// How far its state had come.
    package let revision: Int
    package let tasks: Int
    private let directory: FilePath
    private let candidate: FilePath
    private let term: Int

    /// Reads a backup that was copied into the manager's directory, which the caller has locked.
    ///
    /// - Parameters:
    ///   - candidate: A copy of the backup, in that directory; it is changed.
    ///   - seenTerm: The highest term that is known of the cluster from elsewhere, such as from its workers.
    /// - Throws: `StoreError.damaged` where the backup is not what a manager wrote.
    package static func check(
        _ candidate: FilePath, in directory: FilePath, seenTerm: Int
    ) async throws -> StoreRestoration {
        let store = try SQLiteStore.open(candidate)
        let problem = try await store.problem()
        if let problem { throw StoreError.damaged(problem) }
        let stored = try await store.stored()
        try store.database.close()
        // A store that cannot be read is what a backup is for.
        let known = try? await current(in: directory)
        return StoreRestoration(
            cluster: stored.records.cluster, revision: stored.records.counters.revision,
            tasks: stored.records.tasks.count, directory: directory, candidate: candidate,
            term: max(stored.term, known?.term ?? 0, TermFile(directory: directory).read() ?? 0, seenTerm))
    }

    /// What the store holds now that is to be replaced.
    ///
    /// - Returns: `nil` where there is none.
    /// - Throws: Where it cannot be read.
    package static func current(in directory: FilePath) async throws -> (cluster: ClusterID, term: Int)? {
        let path = directory.appending(SQLiteStore.fileName)
        guard access(path.string, F_OK) == 0 else { return nil }
        let store = try SQLiteStore.open(path)
        defer { try? store.database.close() }  // Nothing was written.
        let stored = try await store.stored()
        return (stored.records.cluster, stored.term)
    }

    /// Puts the backup in the place of the store. The next manager begins a term above all that there have been.
    ///
    /// - Returns: Where the store is now that was replaced; `nil` where there was none.
    package func carryOut() throws -> FilePath? {
        let path = directory.appending(SQLiteStore.fileName)
        try TermFile(directory: directory).write(term + 1)
        var kept: FilePath?
        if access(path.string, F_OK) == 0 {
            var name = directory.appending("\(SQLiteStore.fileName).replaced")
            var number = 1
            while access(name.string, F_OK) == 0 {
                number += 1
                name = directory.appending("\(SQLiteStore.fileName).replaced-\(number)")
            }
            for suffix in ["-wal", ""] where access(path.string + suffix, F_OK) == 0 {
                guard rename(path.string + suffix, name.string + suffix) == 0 else { throw Errno(rawValue: errno) }
            }
            kept = name
        }
        guard rename(candidate.string, path.string) == 0 else { throw Errno(rawValue: errno) }
        let folder = try FileDescriptor.open(directory, .readOnly, options: [.directory, .closeOnExec])
        try folder.closeAfter { guard fsync(folder.rawValue) == 0 else { throw Errno(rawValue: errno) } }
        return kept
    }
}
