import Glibc
package import SystemPackage

/// Writes whole files: a reader sees the old file or the new one, and never a part of either.
///
/// A file is written under a temporary name beside its own. If a step fails, the temporary file is removed, because it would
/// take space on a full disk, and the error of that step is thrown.
package enum AtomicFile {
    /// The processes that may write a file at the same time.
    package enum Writers: Sendable {
        /// Only this process, because it holds a lock. All temporary files of a file have the same name, so that the next write
        /// overwrites what a crash left behind.
        case one
        /// Possibly other processes too. Every write has a temporary file of its own.
        case several
    }

    /// Replaces a file, or creates it if it is missing.
    ///
    /// - Parameters:
    ///   - permissions: the permissions of the file, before the umask.
    ///   - durably: whether content and name must survive a loss of power. If this process dies, nothing is lost either way.
    package static func replace(
        _ path: FilePath, with bytes: [UInt8], permissions: FilePermissions = .ownerReadWrite, writers: Writers = .one,
        durably: Bool, calls: DiskCalls = .system
    ) throws(FileError) {
        let temporary = temporaryName(of: path, writers)
        do throws(FileError) {
            let file = try WritableFile(
                temporary, writers == .one ? .emptied : .new, permissions: permissions, shown: path, calls: calls)
            try file.write(bytes)
            if durably { try file.synchronize() }
            try file.close()
            try rename(temporary, to: path)
        } catch {
            remove(temporary)
            throw error
        }
        if durably { try Directory.synchronize(path.removingLastComponent(), calls: calls) }
    }

    /// Replaces the content of a file durably, even if another process writes it at the same time. Permissions, owner and group stay.
    ///
    /// - Parameters:
    ///   - path: the file. If it is a symbolic link, the link stays, and the file that it names is replaced.
    ///   - permissions: the permissions of the file if it is missing, whatever the umask is.
    package static func rewrite(
        _ path: FilePath, with bytes: [UInt8], orCreating permissions: FilePermissions, calls: DiskCalls = .system
    ) throws(FileError) {
        let path = resolved(path)
        var status = stat()
        let isPresent = path.withPlatformString { stat($0, &status) } == 0
        guard isPresent || errno == ENOENT else { throw .last(path.string) }
        let temporary = temporaryName(of: path, .several)
        do throws(FileError) {
            let file = try WritableFile(temporary, .new, shown: path, calls: calls)
            try file.write(bytes)
            try file.setAccess(
                isPresent ? FilePermissions(rawValue: status.st_mode & 0o7777) : permissions,
                owner: isPresent ? status.st_uid : geteuid(), group: isPresent ? status.st_gid : getegid())
            try file.synchronize()
            try file.close()
            try rename(temporary, to: path)
        } catch {
            remove(temporary)
            throw error
        }
        try Directory.synchronize(path.removingLastComponent(), calls: calls)
    }

    /// The file that a path names, without symbolic links; the path itself if the file is missing.
    private static func resolved(_ path: FilePath) -> FilePath {
        path.withPlatformString { text in
            guard let found = realpath(text, nil) else { return path }
            defer { free(found) }
            return FilePath(platformString: found)
        }
    }

    /// Creates a file for its user alone, durably. It never replaces another file.
    ///
    /// - Throws: `EEXIST` if a file of this name exists, even if another process creates it meanwhile.
    package static func create(
        _ path: FilePath, with bytes: [UInt8], calls: DiskCalls = .system
    ) throws(FileError) {
        let temporary = temporaryName(of: path, .several)
        let file = try WritableFile(temporary, .new, shown: path, calls: calls)
        defer { remove(temporary) }
        try file.write(bytes)
        try publish(file, temporary, as: path, calls)
    }

    /// Creates a file as ``create(_:with:calls:)`` does, from content that comes in pieces.
    ///
    /// - Parameter content: calls `sink` with each piece. If it throws, no file is created.
    /// - Throws: A `FileError` if the file cannot be written; a ``ContentError`` if `content` fails for another reason.
    package static func create(
        _ path: FilePath, calls: DiskCalls = .system,
        content: (_ sink: ([UInt8]) throws -> Void) async throws -> Void
    ) async throws {
        let temporary = temporaryName(of: path, .several)
        let file = try WritableFile(temporary, .new, shown: path, calls: calls)
        defer { remove(temporary) }
        var failure: FileError?
        do {
            try await content { piece in
                do throws(FileError) { try file.write(piece) } catch {
                    failure = error
                    throw error
                }
            }
        } catch {
            if let failure { throw failure }
            throw ContentError(cause: error)
        }
        try publish(file, temporary, as: path, calls)
    }

    /// The content of a new file could not be obtained, whereas nothing is known to be wrong with the file.
    package struct ContentError: Error {
        package let cause: any Error
    }

    /// Gives a complete file its final name, and makes it durable. The caller removes the temporary name.
    private static func publish(
        _ file: consuming WritableFile, _ temporary: FilePath, as path: FilePath, _ calls: DiskCalls
    ) throws(FileError) {
        try file.synchronize()
        try file.close()
        let isLinked = temporary.withPlatformString { temporary in
            path.withPlatformString { link(temporary, $0) == 0 }
        }
        guard isLinked else { throw .last(path.string) }
        try Directory.synchronize(path.removingLastComponent(), calls: calls)
    }

    /// Renames a file, and replaces any file that has the new name.
    package static func rename(_ path: FilePath, to other: FilePath) throws(FileError) {
        let isRenamed = path.withPlatformString { path in
            other.withPlatformString { Glibc.rename(path, $0) == 0 }
        }
        guard isRenamed else { throw .last(other.string) }
    }

    private static func temporaryName(of path: FilePath, _ writers: Writers) -> FilePath {
        let number = writers == .one ? "" : "." + String(UInt32.random(in: .min ... .max), radix: 36)
        let name = path.lastComponent?.string ?? ""
        return path.removingLastComponent().appending(".\(name)\(number).tmp")
    }

    private static func remove(_ path: FilePath) {
        // An error here is ignored, because the caller reports the error that led here.
        _ = path.withPlatformString { unlink($0) }
    }
}
